"""How e-mail leaves: what a city sets, and what is refused at the start, in one clear sentence."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from config import ConfigurationError, Mail, settings

GOOD = {"SMTP_HOST": "mail.ville.example", "MAIL_FROM": "Passeport de la Ville <passeport@ville.example>"}
SECRETS = {"PASSPORT_ENV": "production", "SIGNING_KEYS": "/srv/passport/keys", "DATABASE_URL": "postgresql:///city", "TRUSTED_PROXIES": "1", "SECURITY_CONTACT": "securite@ville.fr", "SECRET_KEY": "aq8Zr2LmX0vTnB4kYw7JhPdU5sGcE1fI9oKxQvN3", "PUBLIC_URL": "https://p.ville.example",
           "LEGAL_CONTROLLER": "Ville de Gap", "LEGAL_ADDRESS": "3 rue Haute, Gap", "LEGAL_DPO": "dpo@gap.fr",
           "LEGAL_HOST": "Hébergeur SA, Lyon", "LEGAL_DIRECTOR": "Mme Roux, maire",
           "SEAL_KEY": "Zx81kLq0PmWn4RvTyB7cHdJ2sUfGe6oIaQ5X9vYt"}


def mail(folder: Path, **given: str) -> Mail:
    found: Any = settings({"PASSPORT_ENV": "demo", "PASSPORT_INSTANCE": str(folder), **given})["MAIL"]
    return found  # type: ignore[no-any-return]


@pytest.mark.parametrize(("security", "port"), [("", 587), ("starttls", 587), ("tls", 465), ("none", 25)])
def test_a_server_has_the_usual_port_of_its_security(tmp_path: Path, security: str, port: int) -> None:
    found = mail(tmp_path, **GOOD, SMTP_SECURITY=security)
    assert (found.port, found.security, found.folder, found.leaves) == (port, security or "starttls", None, True)
    assert mail(tmp_path, **GOOD, SMTP_PORT="2525").port == 2525


def test_the_demo_without_a_server_writes_messages_down(tmp_path: Path) -> None:
    found = mail(tmp_path)
    assert (found.folder, found.leaves) == (tmp_path / "mail", True)


def test_production_without_a_server_sends_nothing(tmp_path: Path) -> None:
    found = settings({**SECRETS, "PASSPORT_INSTANCE": str(tmp_path)})["MAIL"]
    assert (found.folder, found.leaves) == (None, False)


def test_the_password_is_not_shown(tmp_path: Path) -> None:
    assert "hunter" not in repr(mail(tmp_path, **GOOD, SMTP_USER="city", SMTP_PASSWORD="hunter-two"))


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"SMTP_HOST": "mail.ville.example"}, "MAIL_FROM is missing"),
        ({"SMTP_PORT": "25"}, "SMTP_PORT is set without SMTP_HOST"),
        ({"SMTP_PASSWORD": "x"}, "SMTP_PASSWORD is set without SMTP_HOST"),
        ({**GOOD, "SMTP_PORT": "twenty"}, "SMTP_PORT is a number"),
        ({**GOOD, "SMTP_PORT": "70000"}, "SMTP_PORT is a number"),
        ({**GOOD, "SMTP_SECURITY": "ssl"}, "SMTP_SECURITY is one of"),
        ({**GOOD, "SMTP_USER": "city"}, "go together"),
        ({**GOOD, "SMTP_PASSWORD": "x"}, "go together"),
        ({**GOOD, "SMTP_USER": "city", "SMTP_PASSWORD": "x", "SMTP_SECURITY": "none"}, "in clear"),
        ({**GOOD, "SMTP_HOST": "mail.example\nX"}, "SMTP_HOST is the name"),
        ({**GOOD, "MAIL_FROM": "Ville"}, "MAIL_FROM is one address"),
        ({**GOOD, "MAIL_FROM": "a@b.fr, c@d.fr"}, "MAIL_FROM is one address"),
        ({**GOOD, "MAIL_FROM": "a@b.fr\r\nBcc: c@d.fr"}, "MAIL_FROM is one address"),
        ({"MAIL_FROM": "nobody"}, "MAIL_FROM is one address"),
    ],
)
def test_settings_that_cannot_stand_are_refused(tmp_path: Path, given: dict[str, str], said: str) -> None:
    with pytest.raises(ConfigurationError, match=said):
        mail(tmp_path, **given)
