"""A stream of bytes that are made, a piece at a time, from those of another one."""

from __future__ import annotations

import io
from abc import abstractmethod
from typing import BinaryIO

BLOCK = 1 << 20  # bytes that are read at once


class PiecewiseStream(io.RawIOBase):
    """Gives out what `_made` makes of each block of `raw`, which it closes; abstract."""

    def __init__(self, raw: BinaryIO | io.RawIOBase) -> None:
        self._raw = raw
        self._ready = b""
        self._ended = False

    @abstractmethod
    def _made(self, block: bytes) -> bytes:
        """What to give out now that `block` was read, which is empty at the end: `_ended` is then set."""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer) -> int:  # pyright: ignore[reportMissingParameterType]  # any writable buffer
        while not self._ready and not self._ended:
            block = self._raw.read(BLOCK) or b""
            self._ended = not block
            self._ready = self._made(block)
        count = min(len(buffer), len(self._ready))
        buffer[:count] = self._ready[:count]
        self._ready = self._ready[count:]
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()
