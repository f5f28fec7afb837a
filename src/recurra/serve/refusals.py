"""What a server refuses, and with which status."""

from __future__ import annotations


class Refused(Exception):  # no error of the server's
    """A call that is refused: the status, a word for programs, a sentence for people."""

    def __init__(self, status: int, code: str, message: str, *, after: int | None = None) -> None:
        super().__init__(message)
        self.status, self.code, self.message, self.after = status, code, message, after


STATUSES = {
    400: "the rows, the state or the call cannot be read; nothing has happened",
    401: "the token is missing or another one",
    404: "there is no such session: it was deleted, expired, or never was",
    409: "the session is stepping just now, or is not at the step that was expected",
    413: "more bytes or rows than a call may have",
    429: "as many sessions, or calls that wait, as there may be: come again later",
    503: "not answered in time, or the server is going down: come again later",
}
