"""The sign-in name and passphrase that a form proposes: carried in it, signed, so that neither gets lost nor invented."""

from __future__ import annotations

from dataclasses import dataclass

from flask import current_app
from itsdangerous import BadSignature, URLSafeTimedSerializer

from . import words

LASTS = 24 * 3600


@dataclass(frozen=True)
class Proposal:
    """What we give: a sign-in name, and a passphrase that may be taken or not."""

    identifier: str
    passphrase: str


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="passport proposal")


def another(identifier: str | None = None) -> Proposal:
    """Return a new passphrase for this sign-in name, or for a new one."""
    name = identifier or words.sign_in_name()
    return Proposal(name, words.passphrase(not_these=name))


def signed(proposal: Proposal) -> str:
    """Return the proposal as a form carries it."""
    return str(_signer().dumps([proposal.identifier, proposal.passphrase]))


def read(text: str | None) -> Proposal | None:
    """Return the proposal that a form carried, or None when it is missing, older than a day or not ours."""
    try:
        identifier, passphrase = _signer().loads(text or "", max_age=LASTS)
    except (BadSignature, ValueError, TypeError):
        return None
    return Proposal(identifier, passphrase)
