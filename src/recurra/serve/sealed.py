"""The state of a session as bytes: a safetensors file with a header, sealed for one model.

A seal (HMAC, RFC 2104) of the model, and of the token where there is one, says that the bytes come from a server of
just this model and were not changed since.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save

from recurra.errors import ModelFileError
from recurra.language import _

_SEAL = 32


@dataclass(frozen=True)
class About:
    """What is known of a session beside its state: how many steps it took, its series, what was said last."""

    steps: int = 0
    series: str | None = None
    last: Any = None


def sealed(about: About, state: Mapping[str, npt.NDArray[Any]], key: bytes) -> bytes:
    """The bytes of a session."""
    text = json.dumps(asdict(about), sort_keys=True).encode()
    content = len(text).to_bytes(8, "little") + text + save(dict(state))
    return hmac.new(key, content, hashlib.sha256).digest() + content


def opened(content: bytes, key: bytes) -> tuple[About, dict[str, npt.NDArray[Any]]]:
    """What `sealed` closed. Raises ModelFileError for other bytes, and for those of another model."""
    seal, rest = content[:_SEAL], content[_SEAL:]
    if len(seal) < _SEAL or not hmac.compare_digest(seal, hmac.new(key, rest, hashlib.sha256).digest()):
        raise ModelFileError(_("this is no state of a session of this model: expected what a snapshot gave, unchanged"))
    end = 8 + int.from_bytes(rest[:8], "little")
    try:
        return About(**json.loads(rest[8:end])), load(rest[end:])
    except (SafetensorError, ValueError, TypeError) as error:
        raise ModelFileError(_("the state of the session cannot be read: {error}", error=error)) from error
