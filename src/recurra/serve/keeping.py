"""Where the bytes of sessions are kept: in a file while the server is down, or in Redis, which workers share."""

from __future__ import annotations

import time
import uuid
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from recurra.errors import ModelFileError
from recurra.extras import require_package
from recurra.files import whole_file
from recurra.language import _


def write_sessions(path: Path, sessions: dict[str, bytes]) -> None:
    """All sessions as one file, whole or not at all."""
    with whole_file(path) as temporary:
        save_file({name: np.frombuffer(content, np.uint8) for name, content in sessions.items()}, str(temporary))


def read_sessions(path: Path) -> dict[str, bytes]:
    """What `write_sessions` wrote; nothing where there is no file. Raises ModelFileError for another file."""
    if not path.exists():
        return {}
    try:
        return {name: array.tobytes() for name, array in load_file(str(path)).items()}
    except (SafetensorError, OSError) as error:
        raise ModelFileError(
            _("{path} is no file of sessions ({error}): delete it to begin without any", path=path, error=error)
        ) from error


class SharedSessions:
    """Sessions in Redis: a step is acknowledged once its state is there, and whoever has the lock is alone with it."""

    def __init__(self, address: str, model: str, idle: float, seconds: float) -> None:
        require_package("redis")
        from redis import Redis

        self._redis: Any = Redis.from_url(address, socket_timeout=seconds, socket_connect_timeout=seconds)
        self._prefix, self._idle, self._locked = f"recurra:{model}", max(1, int(idle)), max(1, int(1000 * 3 * seconds))
        self._unlock = self._redis.register_script(
            "if redis.call('get', KEYS[1]) == ARGV[1] then return redis.call('del', KEYS[1]) else return 0 end"
        )

    def alive(self) -> bool:
        """Whether Redis answers."""
        return bool(self._redis.ping())

    def count(self) -> int:
        """How many sessions there are."""
        ends = f"{self._prefix}:ends"
        self._redis.zremrangebyscore(ends, 0, time.time())
        return int(self._redis.zcard(ends))

    def get(self, name: str) -> bytes | None:
        """The bytes of a session."""
        return self._redis.get(f"{self._prefix}:session:{name}")

    def put(self, name: str, content: bytes) -> None:
        """Keep a session, for as long as it may be idle."""
        with self._redis.pipeline() as pipe:
            pipe.set(f"{self._prefix}:session:{name}", content, ex=self._idle)
            pipe.zadd(f"{self._prefix}:ends", {name: time.time() + self._idle})
            pipe.execute()

    def delete(self, name: str) -> bool:
        """Forget a session; whether there was one."""
        with self._redis.pipeline() as pipe:
            pipe.delete(f"{self._prefix}:session:{name}")
            pipe.zrem(f"{self._prefix}:ends", name)
            return bool(pipe.execute()[0])

    def lock(self, name: str) -> str | None:
        """A word with which the session is to be unlocked; None where another call has it."""
        word = uuid.uuid4().hex
        return word if self._redis.set(f"{self._prefix}:lock:{name}", word, nx=True, px=self._locked) else None

    def unlock(self, name: str, word: str) -> None:
        """Let others have it; nothing where it is no longer ours."""
        self._unlock(keys=[f"{self._prefix}:lock:{name}"], args=[word])

    def close(self) -> None:
        """Leave Redis."""
        self._redis.close()
