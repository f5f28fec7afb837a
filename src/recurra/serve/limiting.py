"""No call has more bytes than it may: refused by its length, or where that is not told, once there are too many."""

from __future__ import annotations

import json
from typing import Any


class _TooLong(Exception):  # no error of the server's
    pass


class LimitBody:
    """ASGI middleware that answers 413."""

    def __init__(self, app: Any, most: int) -> None:
        self._app, self._most = app, most

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        length = dict(scope["headers"]).get(b"content-length", b"0")
        if length.isdigit() and int(length) > self._most:
            await self._refuse(send)
            return
        taken, begun = 0, False

        async def counted() -> Any:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self._most:
                raise _TooLong
            return message

        async def told(message: Any) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self._app(scope, counted, told)
        except _TooLong:
            if not begun:
                await self._refuse(send)

    async def _refuse(self, send: Any) -> None:
        text = {"error": "body", "message": f"a call has at most {self._most:,} bytes"}
        headers = [(b"content-type", b"application/json"), (b"connection", b"close")]
        await send({"type": "http.response.start", "status": 413, "headers": headers})
        await send({"type": "http.response.body", "body": json.dumps(text).encode()})
