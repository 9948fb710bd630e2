"""What a city may not be started with, and what production is always started with."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from config import ROOT, ConfigurationError, _case_keys, settings

GOOD = {
    "PASSPORT_ENV": "production", "SECRET_KEY": "k7Qm2vXb9LpRt4WzYc8HnJd5GfAe3UsT6oViKqNw", "TRUSTED_PROXIES": "1",
    "SEAL_KEY": "Zx8Cv4Bn1Mq7We3Rt9Yu2Io6Pa5Sd0FgHjKlQwEr", "PUBLIC_URL": "https://passeport.alpha.fr",
    "DATABASE_URL": "postgresql://passport@/passport", "SIGNING_KEYS": "/srv/passport/keys",
    "SECURITY_CONTACT": "securite@alpha.fr",
    "LEGAL_CONTROLLER": "Ville de Gap", "LEGAL_ADDRESS": "3 rue Haute, Gap", "LEGAL_DPO": "dpo@gap.fr",
    "LEGAL_HOST": "Hébergeur SA, 1 quai Est, Lyon, 04 00 00 00 00", "LEGAL_DIRECTOR": "Mme Roux, maire",
}


def test_production_starts_with_what_it_needs() -> None:
    config = settings(GOOD)
    assert config["SESSION_COOKIE_NAME"] == "__Host-passport"
    assert config["SESSION_COOKIE_SECURE"]
    assert config["SESSION_COOKIE_HTTPONLY"]
    assert config["SESSION_COOKIE_SAMESITE"] == "Lax"
    assert not config["DEMO"]
    assert not config["MINORS"]
    assert config["TRUSTED_PROXIES"] == 1


@pytest.mark.parametrize("missing", ["SECRET_KEY", "SEAL_KEY", "PUBLIC_URL", "DATABASE_URL", "TRUSTED_PROXIES",
                                     "SIGNING_KEYS", "SECURITY_CONTACT", "LEGAL_CONTROLLER", "LEGAL_ADDRESS", "LEGAL_DPO", "LEGAL_HOST",
                                     "LEGAL_DIRECTOR"])
def test_production_does_not_start_without(missing: str) -> None:
    """The database of the demo would otherwise be opened, with its people, whose passphrase everybody knows."""
    with pytest.raises(ConfigurationError, match=missing):
        settings({name: value for name, value in GOOD.items() if name != missing})


@pytest.mark.parametrize("unsafe", [
    {"SECRET_KEY": "short"}, {"SECRET_KEY": "a" * 40}, {"SECRET_KEY": "please-change-this-secret-key-0123456789"},
    {"SEAL_KEY": GOOD["SEAL_KEY"] + ",short"}, {"SECRET_KEY_FALLBACKS": "dev"}, {"SEAL_KEY": GOOD["SECRET_KEY"]},
    {"SECRET_KEY_FALLBACKS": GOOD["SEAL_KEY"]}, {"PUBLIC_URL": "http://passeport.alpha.fr"}, {"PUBLIC_URL": "https://"},
    {"LEGAL_DPO": "dpo@ville.example"}, {"LEGAL_HOST": "à compléter"}, {"LEGAL_DIRECTOR": "xxx"},
    {"MINORS": "on"}, {"TRUSTED_PROXIES": "many"}, {"TRUSTED_PROXIES": "-1"}, {"PASSPORT_ENV": "prod"},
    {"SECURITY_CONTACT": "securite@alpha.example"}, {"SECURITY_CONTACT": "https://example.com/security"},
    {"SECURITY_CONTACT": "nobody"}, {"SECURITY_CONTACT": "http://alpha.fr/securite"}, {"SECURITY_CONTACT": "a@alpha.fr\nContact: b@alpha.fr"},
], ids=str)
@pytest.mark.promise("P22", "config:_strong", "absent")
def test_nothing_starts_with_what_is_unsafe(unsafe: dict[str, Any]) -> None:
    """The server does not start with a key that is short, an example, or used twice, and does not say the key."""
    with pytest.raises(ConfigurationError) as refused:
        settings({**GOOD, **unsafe})
    also = {"SECRET_KEY_FALLBACKS": "SEAL_KEY", "MINORS": "CASE_KEY"}  # which of two is named
    assert str(refused.value).split()[0] in {*unsafe, *(also.get(name, name) for name in unsafe)}
    assert GOOD["SECRET_KEY"] not in str(refused.value)
    assert GOOD["SEAL_KEY"] not in str(refused.value)


def test_minors_are_let_in_with_a_key_of_their_own_for_what_is_reported() -> None:
    with pytest.raises(ConfigurationError, match="CASE_KEY"):
        settings({**GOOD, "MINORS": "on"})
    assert settings({**GOOD, "MINORS": "on", "CASE_KEY": "Ty6Ua1Is5Od3Pf7GhZjXkClVbNmQPq9Wo2Ei8Ru4"})["MINORS"]


def test_an_older_secret_still_counts_while_it_is_listed() -> None:
    older = "Pq9Wo2Ei8Ru4Ty6Ua1Is5Od3Pf7GhZjXkClVbNmQ"
    assert settings({**GOOD, "SECRET_KEY_FALLBACKS": older})["SECRET_KEY_FALLBACKS"] == [older]


def test_the_demo_takes_no_secret_of_production(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="unset SECRET_KEY"):
        settings({"PASSPORT_ENV": "demo", "PASSPORT_INSTANCE": str(tmp_path), "SECRET_KEY": GOOD["SECRET_KEY"]})


def test_the_secrets_of_the_demo_are_for_its_owner_only(tmp_path: Path) -> None:
    settings({"PASSPORT_ENV": "demo", "PASSPORT_INSTANCE": str(tmp_path / "new")})
    kept = sorted((tmp_path / "new").iterdir())
    assert [file.stat().st_mode & 0o777 for file in kept] == [0o600, 0o600, 0o600]
    assert (tmp_path / "new").stat().st_mode & 0o077 == 0


def key_file(folder: Path, head: str = "Signing key of a learner passport (production)\n", mode: int = 0o600) -> Path:
    """Write something that looks like the file of a key."""
    folder.mkdir(exist_ok=True)
    file = folder / "z6Mk.pem"
    file.write_text(f"{head}-----BEGIN PRIVATE KEY-----\n")
    file.chmod(mode)
    return file


def test_production_signs_with_keys_of_its_own(tmp_path: Path) -> None:
    key_file(tmp_path / "keys")
    assert settings({**GOOD, "SIGNING_KEYS": str(tmp_path / "keys")})["SIGNING_KEYS"] == tmp_path / "keys"
    assert settings({**GOOD, "SIGNING_KEYS": str(tmp_path / "none yet")})["SIGNING_KEYS"] == tmp_path / "none yet"


@pytest.mark.parametrize(("head", "mode", "said"), [
    ("Signing key of a learner passport (demo)\n", 0o600, "demo"),
    ("Signing key of a learner passport (test)\n", 0o600, "demo"),
    ("", 0o600, "not made by"),
    ("Signing key of a learner passport (production)\n", 0o640, "chmod 600"),
    ("Signing key of a learner passport (production)\n", 0o604, "chmod 600"),
])
def test_production_does_not_start_with_a_key_that_others_may_have(tmp_path: Path, head: str, mode: int, said: str) -> None:
    key_file(tmp_path / "keys", head, mode)
    with pytest.raises(ConfigurationError, match=said):
        settings({**GOOD, "SIGNING_KEYS": str(tmp_path / "keys")})


def test_keys_do_not_lie_inside_the_program() -> None:
    with pytest.raises(ConfigurationError, match="inside the program"):
        settings({**GOOD, "SIGNING_KEYS": str(ROOT / "instance" / "keys")})


def test_cases_have_a_key_of_their_own() -> None:
    """With minors, cases are sealed under a key of their own, which is no other secret."""
    own = "Qw3Er5Ty7Ui9Op1As2Df4Gh6Jk8LzXcVbNmMnBvC"
    assert settings({**GOOD, "CASE_KEY": own})["CASE_KEYS"] == [own]
    assert settings(GOOD)["CASE_KEYS"] == []
    for wrong in (GOOD["SEAL_KEY"], GOOD["SECRET_KEY"], "short", f"{own},short"):
        with pytest.raises(ConfigurationError, match="CASE_KEY"):
            settings({**GOOD, "CASE_KEY": wrong})
    with pytest.raises(ConfigurationError, match="CASE_KEY is missing"):
        _case_keys({}, set(), minors=True)
