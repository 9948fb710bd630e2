"""The settings of one city, read from the environment; refuses what would be unsafe."""

from __future__ import annotations

import datetime as dt
import os
import secrets
from dataclasses import dataclass, field
from email.errors import MessageError
from email.headerregistry import Address
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parent
EXAMPLES = ("change", "example", "secret", "default", "demo", "test")


class ConfigurationError(RuntimeError):
    """The settings cannot stand together; the message says what to change."""


@dataclass(frozen=True)
class City:
    """How the city is called and reached."""

    name: str
    coordination: str
    phone: str
    hours: str
    place: str
    email: str


# The three words the law knows, and the least share of criteria that each asks for.
CONFORMITY = {"non conforme": 0, "partiellement conforme": 50, "totalement conforme": 100}
AUDIT_YEARS = 3


@dataclass(frozen=True)
class Accessibility:
    """What the city declares of its passport: how far it conforms, by which audit, and where its plans stand."""

    declared: str
    auditor: str
    audited_on: dt.date | None
    rate: int | None
    scheme: str
    actions: str

    def is_audited(self, today: dt.date) -> bool:
        """Say whether an audit still counts on this day."""
        made = self.audited_on
        return made is not None and made <= today and (today.year - made.year, today.month, today.day) < (
            AUDIT_YEARS, made.month, made.day)

    def state(self, today: dt.date) -> str:
        """Return how far the passport conforms on this day; without an audit that counts, it does not."""
        return self.declared if self.is_audited(today) else "non conforme"


def _accessibility(env: dict[str, str]) -> Accessibility:
    """Return what is declared of accessibility; refuses a word the law does not know, or one that no audit bears."""
    declared = env.get("ACCESSIBILITY") or "non conforme"
    if declared not in CONFORMITY:
        raise ConfigurationError(f"ACCESSIBILITY is one of: {', '.join(CONFORMITY)}.")
    auditor, day, share = (env.get(f"ACCESSIBILITY_{name}", "") for name in ("AUDITOR", "AUDITED_ON", "RATE"))
    if len({bool(auditor), bool(day), bool(share)}) > 1:
        raise ConfigurationError("ACCESSIBILITY_AUDITOR, ACCESSIBILITY_AUDITED_ON and ACCESSIBILITY_RATE go together.")
    try:
        audited_on = dt.date.fromisoformat(day) if day else None
    except ValueError:
        raise ConfigurationError("ACCESSIBILITY_AUDITED_ON is a day, as in 2027-03-31.") from None
    if share and not (share.isascii() and share.isdigit() and int(share) <= 100):
        raise ConfigurationError("ACCESSIBILITY_RATE is the share of criteria that are met, from 0 to 100.")
    rate = int(share) if share else None
    if CONFORMITY[declared] > (rate or 0):
        raise ConfigurationError(f"ACCESSIBILITY={declared} needs an audit in which at least {CONFORMITY[declared]} % of the "
                                 "criteria are met: set ACCESSIBILITY_AUDITOR, _AUDITED_ON and _RATE.")
    plans = (_plan(env, "ACCESSIBILITY_SCHEME"), _plan(env, "ACCESSIBILITY_ACTIONS"))
    return Accessibility(declared, auditor, audited_on, rate, *plans)


def _plan(env: dict[str, str], name: str) -> str:
    """Return the address of a plan of the city, or nothing."""
    given = env.get(name, "")
    try:
        parts = urlsplit(given)
        whole = parts.scheme == "https" and bool(parts.hostname)
    except ValueError:
        whole = False
    if given and not whole:
        raise ConfigurationError(f"{name} is one of the https addresses of the city.")
    return given


# What is left in a text that nobody has filled in.
UNFILLED = ("example", "exemple", "à compléter", "a completer", "à remplir", "todo", "xxx", "lorem", "inventé", "…", "...")


@dataclass(frozen=True)
class Legal:
    """Who answers for this passport, as the law wants it said: the city, its data protection officer, its host."""

    controller: str
    address: str
    dpo: str
    host: str
    director: str


INVENTED = Legal(
    controller="Ville d’Alpha (inventée pour l’essai)", address="1 place de l’Essai, Alpha",
    dpo="donnees@alpha.example", host="Cette machine, pour l’essai", director="Personne : c’est un essai",
)


def _legal(env: dict[str, str], mode: str) -> Legal:
    """Return who answers for this passport; production refuses what is missing or was never filled in."""
    given = {name: env.get(f"LEGAL_{name.upper()}", "").strip() for name in ("controller", "address", "dpo", "host", "director")}
    if mode != "production":
        return Legal(**{name: value or getattr(INVENTED, name) for name, value in given.items()})
    for name, value in given.items():
        if len(value) < 4 or any(word in value.lower() for word in UNFILLED):
            raise ConfigurationError(f"LEGAL_{name.upper()} is missing or was never filled in: it stands on /mentions-legales and "
                                     "/confidentialite. Needed: LEGAL_CONTROLLER (the city), _ADDRESS, _DPO (how to reach the data "
                                     "protection officer), _HOST (name, address and phone of the host), _DIRECTOR (of publication).")
    return Legal(**given)


PORTS = {"starttls": 587, "tls": 465, "none": 25}
HERE = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True)
class Mail:
    """How e-mail leaves: by `host`, or into `folder` (the demo and the tests), or not at all when both are empty."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    security: str
    sender: str
    folder: Path | None

    @property
    def leaves(self) -> bool:
        """Say whether any message leaves."""
        return bool(self.host) or self.folder is not None


def _sender(text: str) -> str:
    """Return who messages come from, as given, when it is one whole address."""
    message = EmailMessage()
    try:
        message["From"] = text
        (address,) = message["From"].addresses
        whole = Address(addr_spec=address.addr_spec)
    except (ValueError, MessageError, IndexError):
        whole = None
    if whole is None or not whole.domain or message["From"].defects or not text.isprintable():
        raise ConfigurationError("MAIL_FROM is one address, as in: Passeport apprenant <passeport@ville.example>.")
    return text


def _mail(env: dict[str, str], mode: str, instance: Path) -> Mail:
    """Return how e-mail leaves; refuses settings that are half given, or that would send a password in clear."""
    given = {name: env.get(name, "") for name in
             ("SMTP_HOST", "SMTP_PORT", "SMTP_USER", "SMTP_PASSWORD", "SMTP_SECURITY", "MAIL_FROM")}
    host, security = given["SMTP_HOST"], given["SMTP_SECURITY"] or "starttls"
    if not host:
        alone = [name for name in given if given[name] and name != "MAIL_FROM"]
        if alone:
            raise ConfigurationError(f"{alone[0]} is set without SMTP_HOST: set both, or neither (no e-mail leaves).")
        folder = instance / "mail" if mode != "production" else None
        sender = _sender(given["MAIL_FROM"] or "Passeport apprenant <passeport@city.example>")
        return Mail("", 0, "", "", "none", sender, folder)
    if any(c.isspace() or not c.isprintable() for c in host):
        raise ConfigurationError("SMTP_HOST is the name of one server, without spaces.")
    if security not in PORTS:
        raise ConfigurationError("SMTP_SECURITY is one of starttls, tls, none.")
    port = given["SMTP_PORT"] or str(PORTS[security])
    if not (port.isascii() and port.isdigit() and 0 < int(port) < 65536):
        raise ConfigurationError("SMTP_PORT is a number from 1 to 65535.")
    if bool(given["SMTP_USER"]) != bool(given["SMTP_PASSWORD"]):
        raise ConfigurationError("SMTP_USER and SMTP_PASSWORD go together: set both, or neither.")
    if security == "none" and given["SMTP_USER"] and host not in HERE:
        raise ConfigurationError("SMTP_SECURITY=none would send SMTP_PASSWORD in clear: use starttls or tls.")
    if not given["MAIL_FROM"]:
        raise ConfigurationError("MAIL_FROM is missing: the address that messages come from.")
    return Mail(host, int(port), given["SMTP_USER"], given["SMTP_PASSWORD"], security, _sender(given["MAIL_FROM"]), None)


NOBODYS = (".example", ".invalid", ".test", ".localhost", "example.com", "example.org", "example.net")


def _security_contact(given: str, mode: str) -> str:
    """Return where a security problem is told, as security.txt wants it; in production, never the one of the demo."""
    if not given and mode != "production":
        given = "securite@alpha.example"
    if given and "://" not in given:
        given = f"mailto:{given.removeprefix('mailto:')}"
    try:
        parts = urlsplit(given)
        host = parts.hostname if parts.scheme == "https" else Address(addr_spec=parts.path).domain if parts.scheme == "mailto" else ""
    except (ValueError, MessageError, IndexError):
        host = ""
    if not host or not given.isascii() or not given.isprintable() or " " in given or parts.query or parts.fragment:
        raise ConfigurationError("SECURITY_CONTACT is missing or neither one address nor one https page: it is where anybody "
                                 "tells a security problem (/.well-known/security.txt).")
    if mode == "production" and f".{host.lower()}".endswith(NOBODYS):
        raise ConfigurationError("SECURITY_CONTACT is an example: give the one that somebody reads.")
    return given


def _database(url: str | None, instance: Path) -> str:
    if not url:
        return f"sqlite:///{instance / 'passport.db'}"
    for prefix in ("postgres://", "postgresql://"):
        if url.startswith(prefix):
            return "postgresql+psycopg://" + url.removeprefix(prefix)
    return url


def _kept_secret(path: Path) -> str:
    """Return the secret of this file, made once, readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        # It appears whole under its name, for another process that starts at the same moment.
        made = path.with_name(f".{path.name}.{secrets.token_hex(6)}")
        with os.fdopen(os.open(made, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(48))
        try:
            path.hardlink_to(made)
        except FileExistsError:
            pass
        finally:
            made.unlink()
    return path.read_text().strip()


def _strong(name: str, value: str | None) -> str:
    if not value or len(value) < 32:
        raise ConfigurationError(f"{name} is missing or shorter than 32 characters: make one with "
                                 "`python -c 'import secrets; print(secrets.token_urlsafe(48))'`.")
    if any(word in value.lower() for word in EXAMPLES) or len(set(value)) < 12:
        raise ConfigurationError(f"{name} looks like an example: make a random one.")
    return value


def _secrets(env: dict[str, str]) -> tuple[str, list[str], list[str]]:
    """Return the secret key, the older ones that still count, and the keys that seal; each strong, none used twice."""
    secret = _strong("SECRET_KEY", env.get("SECRET_KEY"))
    older = [_strong("SECRET_KEY_FALLBACKS", k) for k in env.get("SECRET_KEY_FALLBACKS", "").split(",") if k]
    seals = [_strong("SEAL_KEY", k) for k in env.get("SEAL_KEY", "").split(",")]
    if {secret, *older} & set(seals):
        raise ConfigurationError("SEAL_KEY is also a SECRET_KEY: whoever learns one would know both.")
    return secret, older, seals


def _case_keys(env: dict[str, str], others: set[str], minors: bool) -> list[str]:
    """Return the keys that seal cases, apart from every other secret; without minors a city need not have one.

    What else a city owes minors is in the database, and is asked at the start.
    """
    keys = [_strong("CASE_KEY", k) for k in env.get("CASE_KEY", "").split(",") if k]
    if minors and not keys:
        raise ConfigurationError("CASE_KEY is missing: with MINORS=on, cases are sealed under a key of their own.")
    if others & set(keys):
        raise ConfigurationError("CASE_KEY is also another secret: whoever learns one would read the cases.")
    return keys


def _signing_keys(env: dict[str, str], mode: str, instance: Path) -> Path:
    """Return the folder of the keys that sign; refuses one in the repository, open to others, or with a demo's key."""
    folder = Path(env.get("SIGNING_KEYS") or instance / "keys")
    if mode != "production":
        return folder
    if not env.get("SIGNING_KEYS"):
        raise ConfigurationError("SIGNING_KEYS is missing: a folder of its own for the keys that sign, outside the program and "
                                 "the database, saved apart from both.")
    if folder.resolve().is_relative_to(ROOT):
        raise ConfigurationError("SIGNING_KEYS lies inside the program: choose a folder outside.")
    for path in sorted(folder.glob("*.pem")):
        if path.stat().st_mode & 0o077:
            raise ConfigurationError(f"{path} may be read by others: chmod 600, and think of `flask keys rotate`.")
        if not path.read_bytes().startswith(b"Signing key of a learner passport (production)\n"):
            raise ConfigurationError(f"{path} is the key of a demo or was not made by `flask keys`: remove it.")
    return folder


def _public_host(public_url: str) -> str:
    """Return the host of the address printed in QR codes, which is https and nothing more than a host."""
    parts = urlsplit(public_url)
    if parts.scheme != "https" or not parts.hostname or parts.path.strip("/") or parts.query:
        raise ConfigurationError("PUBLIC_URL is missing or not https: it is the address printed in QR codes, "
                                 "like https://passeport.alpha.fr.")
    return parts.hostname


def _count(name: str, value: str) -> int:
    if not (value.isascii() and value.isdigit() and len(value) <= 2):
        raise ConfigurationError(f"{name} is a number from 0 on.")
    return int(value)


def _switch(name: str, value: str) -> bool:
    if value not in {"on", "off"}:
        raise ConfigurationError(f"{name} is on or off.")
    return value == "on"


def settings(environ: dict[str, str] | None = None) -> dict[str, Any]:
    """Return the Flask configuration for this environment (PASSPORT_ENV: demo, production or test).

    Raises ConfigurationError, in one sentence, for settings that would be unsafe.
    """
    env = dict(os.environ) if environ is None else environ
    mode = env.get("PASSPORT_ENV", "production")
    if mode not in {"demo", "production", "test"}:
        raise ConfigurationError("PASSPORT_ENV is one of demo, production, test.")
    instance = Path(env.get("PASSPORT_INSTANCE", str(ROOT / "instance")))
    minors = env.get("MINORS", "off") == "on"

    if mode == "production":
        secret, older, seals = _secrets(env)
        cases = _case_keys(env, {secret, *older, *seals}, minors)
        public_url = env.get("PUBLIC_URL", "")
        # The checks of a proxy or a container come from the machine itself.
        hosts = [_public_host(public_url), "127.0.0.1", "localhost"]
        if not env.get("DATABASE_URL"):
            raise ConfigurationError("DATABASE_URL is missing: the file in instance/ is the demo's, whose passphrase "
                                     "everybody knows.")
        if not env.get("TRUSTED_PROXIES"):
            raise ConfigurationError("TRUSTED_PROXIES is missing: say how many proxies in front add their X-Forwarded-For "
                                     "(usually 1), else all callers would count as one, or each as whoever they say.")
    else:
        if env.get("SECRET_KEY") or env.get("SEAL_KEY") or env.get("CASE_KEY"):
            raise ConfigurationError("The demo makes its own secrets: unset SECRET_KEY, SEAL_KEY and CASE_KEY, "
                                     "or set PASSPORT_ENV=production.")
        secret = _kept_secret(instance / f"{mode}-secret.key")
        older, hosts = [], None
        seals = [_kept_secret(instance / f"{mode}-seal.key")]
        cases = [_kept_secret(instance / f"{mode}-case.key")]
        public_url = env.get("PUBLIC_URL") or f"http://127.0.0.1:{env.get('PORT', '8000')}"

    https = public_url.startswith("https://")
    return {
        "MODE": mode,
        "DEMO": mode == "demo",
        "TESTING": mode == "test",
        "MINORS": minors or mode != "production",
        "SECRET_KEY": secret,
        "SECRET_KEY_FALLBACKS": older,
        "SEAL_KEYS": seals,
        "CASE_KEYS": cases,
        "PUBLIC_URL": public_url,
        "TRUSTED_HOSTS": hosts,
        "INSTANCE": instance,
        "EVIDENCE_FOLDER": Path(env.get("EVIDENCE_FOLDER", str(instance / "files"))),
        "ERASURES": Path(env.get("ERASURES") or instance / "erasures.list"),
        "AUDIT_HEADS": Path(env.get("AUDIT_HEADS") or instance / "audit" / "heads.jsonl"),
        "SIGNING_KEYS": _signing_keys(env, mode, instance),
        "FETCHES": _switch("FETCHES", env.get("FETCHES") or ("off" if mode == "test" else "on")),
        "MAIL": _mail(env, mode, instance),
        "SQLALCHEMY_DATABASE_URI": _database(env.get("DATABASE_URL"), instance),
        "SQLALCHEMY_ENGINE_OPTIONS": {"pool_pre_ping": True, "pool_timeout": 3},
        "READ_ONLY": _switch("READ_ONLY", env.get("READ_ONLY") or "off"),
        "SESSION_COOKIE_NAME": "__Host-passport" if https else "passport",
        "SESSION_COOKIE_SECURE": https,
        "SESSION_COOKIE_HTTPONLY": True,
        "SESSION_COOKIE_SAMESITE": "Lax",
        "SESSION_COOKIE_PATH": "/",
        "SESSION_REFRESH_EACH_REQUEST": False,
        "PERMANENT_SESSION_LIFETIME": 30 * 24 * 3600,
        "WTF_CSRF_TIME_LIMIT": None,
        "WTF_CSRF_SSL_STRICT": False,  # it wants a Referer, which our Referrer-Policy never sends
        "MAX_CONTENT_LENGTH": 1_000_000,
        "MAX_FORM_MEMORY_SIZE": 500_000,
        "MAX_FORM_PARTS": 500,
        "BABEL_DEFAULT_LOCALE": "fr",
        "BABEL_DEFAULT_TIMEZONE": "Europe/Paris",
        "BABEL_TRANSLATION_DIRECTORIES": "translations",
        "RATELIMIT_STORAGE_URI": "appdb://",
        "RATELIMIT_HEADERS_ENABLED": True,
        "TRUSTED_PROXIES": _count("TRUSTED_PROXIES", env.get("TRUSTED_PROXIES", "0")),
        "ACCESSIBILITY": _accessibility(env),
        "SECURITY_CONTACT": _security_contact(env.get("SECURITY_CONTACT", ""), mode),
        "LEGAL": _legal(env, mode),
        "CITY": City(
            name=env.get("CITY_NAME", "Alpha"),
            coordination=env.get("CITY_COORDINATION", "Mairie d’Alpha, coordination du passeport"),
            phone=env.get("CITY_PHONE", "04 65 71 00 10"),
            hours=env.get("CITY_HOURS", "9 h – 18 h"),
            place=env.get("CITY_PLACE", "Médiathèque Mandela"),
            email=env.get("CITY_EMAIL", "passeport@alpha.example"),
        ),
    }
