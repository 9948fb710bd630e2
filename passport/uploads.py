"""Taking in a file: only for who may send one, never more of it than is looked at."""

from __future__ import annotations

import tempfile
from typing import IO, Any, cast

from flask import Request, current_app, request

from .extensions import csrf

MOST_OF_A_FILE = 10_000_001
MOST_OF_A_REQUEST = 64_000_000


class Sent(tempfile.SpooledTemporaryFile[bytes]):
    """A file as it is sent, for its owner's eyes (mode 0600, without a name): of what is too long, the beginning."""

    def __init__(self, most: int) -> None:
        super().__init__(max_size=500_000)
        self.most = most

    def write(self, data: Any) -> int:
        """Keep what still fits and say that all was taken: who sends too much then reads why, not a broken line."""
        super().write(data[: max(0, self.most - self.tell())])
        return len(data)


class PassportRequest(Request):
    """A request whose files never take more than they may."""

    most_of_a_file = MOST_OF_A_FILE

    def _get_file_stream(
        self, total_content_length: int | None, content_type: str | None, filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        sent = Sent(self.most_of_a_file)
        self.__dict__.setdefault("sent", []).append(sent)
        return sent

    def close(self) -> None:
        """Let go of every file, also of one whose sender hung up half-way."""
        super().close()
        for sent in self.__dict__.get("sent", ()):
            sent.close()


def take_in(most_of_a_file: int = MOST_OF_A_FILE, most: int = MOST_OF_A_REQUEST) -> None:
    """Read the form of a view that is exempt from the usual check of its token, because a file may come with it.

    To be called once it is known who sends, and with no transaction open: a slow network takes its time. Answers 400
    without the token, and 413 above 64 MB, or what a page says that takes more.
    """
    request.max_content_length = most
    cast(PassportRequest, request).most_of_a_file = most_of_a_file
    if current_app.config["WTF_CSRF_ENABLED"]:
        csrf.protect()
    else:
        request.form  # noqa: B018 - reads what is sent now
