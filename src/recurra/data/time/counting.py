"""How the steps of a grid are counted, beside their frequency: on which clock, to which step, and in which hours."""

from __future__ import annotations

from dataclasses import dataclass

from recurra.checking import require

FARTHEST = 1 << 60  # microseconds, months or steps by which a grid is displaced
Runs = tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Counting:
    """Kept in the model file, so that a later file is counted in the same way.

    `wall`: steps below a day count hours of the wall clock, not of UTC, so that 8 o'clock is 8 o'clock in summer and in
    winter. The hour that the clock skips in spring is then a step without a value; of the hour that it shows twice both
    belong to one step. `nearest`: a time between two steps belongs to the nearer one. `opening`: the steps of a week
    (from Monday 00:00, begin and end of each run) that are counted; empty where all are. `phase`: that of the grid,
    where it must not be told again from a few later rows.
    """

    wall: bool = False
    nearest: bool = False
    opening: Runs = ()
    phase: int | None = None

    def check(self) -> None:
        """Refuse a phase beyond all times; whether the opening hours fit the week is for the grid to say."""
        require(self.phase is None or abs(self.phase) < FARTHEST, f"a phase of {self.phase}")


DEFAULT = Counting()
