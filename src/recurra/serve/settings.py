"""What a server is told: its limits, and where sessions are kept."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from recurra.errors import InputError
from recurra.language import _


@dataclass(frozen=True)
class Limits:
    """Beyond which a call is refused: each with a status of its own.

    body      bytes of a call (413)
    steps     rows of a call (413)
    sessions  at a time (429)
    waiting   calls that wait to be computed (429)
    seconds   until a call is answered (503)
    idle      seconds after which a session that nobody uses is forgotten
    """

    body: int = 1_000_000
    steps: int = 1_000
    sessions: int = 1_000
    waiting: int = 10_000
    seconds: float = 10.0
    idle: float = 3600.0

    def __post_init__(self) -> None:
        for name, value in vars(self).items():
            if not value > 0:
                raise InputError(_("{name} is {value}: expected a number above 0", name=name, value=value))


@dataclass(frozen=True)
class Settings:
    """The model file, limits, the token that callers must give, and where sessions are kept.

    state   the file in which sessions are kept while the server is down; None: they end with it
    redis   the address of a Redis that several workers share, such as redis://localhost:6379/0
    levels  of the intervals of forecasts, in per cent
    """

    model: str | Path
    limits: Limits = field(default_factory=Limits)
    token: str | None = None
    state: Path | None = None
    redis: str | None = None
    levels: tuple[float, ...] = (80, 95)
