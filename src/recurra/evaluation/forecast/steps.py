"""What a baseline is told of the steps of a series: its seasons, and where days and years begin again."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Steps:
    """`seasons` in steps, the first being that of the seasonal naive forecast; `year` and `day` in steps, 0: unknown.

    `year` may be a fraction (365.25 days); `day` is a whole number, 0 where a step is a day or longer.
    """

    seasons: tuple[int, ...] = ()
    year: float = 0.0
    day: int = 0

    @property
    def season(self) -> int:
        """The first season; 1 where there is none."""
        return self.seasons[0] if self.seasons else 1
