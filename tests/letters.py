"""Reading the messages that left: the folder into which the demo and the tests write them."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from urllib.parse import urlsplit

from flask import Flask

from passport.extensions import db
from passport.notices.worker import Worker


def parsed(written: bytes) -> EmailMessage:
    """Return a message as a mail program reads it."""
    found = message_from_bytes(written, policy=default)
    assert isinstance(found, EmailMessage)
    return found


def text(mail: EmailMessage) -> str:
    """Return what a message says, with plain spaces and hyphens."""
    return " ".join(str(mail.get_content()).replace("\u2011", "-").split())


def subject(mail: EmailMessage) -> str:
    """Return the subject, with plain spaces and hyphens."""
    return " ".join(str(mail["Subject"]).replace("\u2011", "-").split())


def link(mail: EmailMessage, part: str = "") -> str:
    """Return the path of the first address in a message that holds this part."""
    addresses = [a for a in re.findall(r"https?://\S+", str(mail.get_content())) if part in a]
    return urlsplit(addresses[0]).path


def free_port() -> int:
    """Return a port of this machine that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@dataclass
class Letterbox:
    """Everything that left so far, oldest first, and a way to let what is due leave."""

    app: Flask
    folder: Path

    def work(self) -> list[EmailMessage]:
        """Let a worker do what is due now, and return what left this time."""
        before = {f.name for f in self.folder.glob("*.eml")}
        with self.app.app_context():
            Worker().work()
            db.session.remove()
        new = sorted(f for f in self.folder.glob("*.eml") if f.name not in before)
        return [parsed(f.read_bytes()) for f in new]


