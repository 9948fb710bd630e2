"""Handing a message over: to the city's SMTP server, or to a folder where there is none."""

from __future__ import annotations

import os
import smtplib
import ssl
from contextlib import suppress
from email.message import EmailMessage
from email.policy import SMTP
from enum import Enum, auto
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from config import Mail

# Seconds. All the answers of one sending together take less than the hold on a message (outbox.LEASE).
EACH_ANSWER, LAST_ANSWER = 8, 60
# An address in a header is never cut, nor written as an encoded word: mail programs read it as it is.
LINES = SMTP.clone(max_line_length=900)


class Outcome(Enum):
    """How handing over ended."""

    SENT = auto()
    TRY_LATER = auto()  # this message only
    SERVER_AWAY = auto()  # no message leaves for now
    ADDRESS_REFUSED = auto()  # the address takes no message
    REFUSED = auto()  # this message is not taken, whoever it is for


def hand_over(mail: Mail, message: EmailMessage, name: str) -> Outcome:
    """Hand a message over and say how it ended; `name` is its file's name where messages are only written down.

    A connection lost after the words were sent counts as not sent: the same Message-ID goes again.
    """
    if mail.folder is not None:
        return _write(mail, message, name)
    try:
        server = _connect(mail)
    except (OSError, smtplib.SMTPException):
        return Outcome.SERVER_AWAY
    try:
        return _speak(server, message)
    except smtplib.SMTPDataError as refused:
        return _of(refused.smtp_code)
    except (OSError, smtplib.SMTPException):
        return Outcome.TRY_LATER
    finally:
        with suppress(OSError, smtplib.SMTPException):
            server.quit()
        server.close()


def _speak(server: smtplib.SMTP, message: EmailMessage) -> Outcome:
    server.ehlo_or_helo_if_needed()
    code, _words = server.mail(message["From"].addresses[0].addr_spec)
    if code != 250:
        return Outcome.SERVER_AWAY  # the settings or the server are wrong, not the message
    code, words = server.rcpt(message["To"].addresses[0].addr_spec)
    if code not in {250, 251}:
        # 5.7.x speaks of a policy of the server, not of the address.
        about_address = code >= 500 and not words.startswith(b"5.7.")
        return Outcome.ADDRESS_REFUSED if about_address else _of(code)
    if server.sock is not None:
        server.sock.settimeout(LAST_ANSWER)
    code, _words = server.data(message.as_bytes(policy=LINES))
    return _of(code)


def _of(code: int) -> Outcome:
    """Return what an answer to the message itself means."""
    if code == 250:
        return Outcome.SENT
    return Outcome.REFUSED if code >= 500 else Outcome.TRY_LATER


def _connect(mail: Mail) -> smtplib.SMTP:
    if mail.security == "tls":
        server: smtplib.SMTP = smtplib.SMTP_SSL(mail.host, mail.port, timeout=EACH_ANSWER,
                                                context=ssl.create_default_context())
    else:
        server = smtplib.SMTP(mail.host, mail.port, timeout=EACH_ANSWER)
    try:
        if mail.security == "starttls":
            server.starttls(context=ssl.create_default_context())
        if mail.user:
            server.login(mail.user, mail.password)
    except BaseException:
        server.close()
        raise
    return server


def _write(mail: Mail, message: EmailMessage, name: str) -> Outcome:
    """Write the message into the folder, whole or not at all."""
    if mail.folder is None:
        return Outcome.REFUSED
    part = mail.folder / f".{name}.{os.getpid()}.part"
    try:
        mail.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        part.write_bytes(message.as_bytes(policy=LINES))
        part.replace(mail.folder / f"{name}.eml")
    except OSError:
        return Outcome.SERVER_AWAY
    return Outcome.SENT
