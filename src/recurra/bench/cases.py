"""What is measured: one layer at one size, and grids of such sizes."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

GATES = {"rnn": 1, "gru": 3, "lstm": 4}
DTYPES = ("float32", "bfloat16", "float64")
MODES = ("training", "inference")


@dataclass(frozen=True)
class Case:
    """One layer, one direction, as many inputs as units; `mode` is training (forward and backward) or inference."""

    cell: str
    hidden: int
    batch: int
    steps: int
    dtype: str = "float32"
    mode: str = "training"

    def __str__(self) -> str:
        """For people: `lstm H=64 B=32 T=100 float32 training`."""
        return f"{self.cell} H={self.hidden} B={self.batch} T={self.steps} {self.dtype} {self.mode}"

    @property
    def flops(self) -> int:
        """Operations of the matrix products: 2 T B G H (I + H) forward, with I = H; training is three times that."""
        forward = 2 * self.steps * self.batch * GATES[self.cell] * self.hidden * (self.hidden + self.hidden)
        return 3 * forward if self.mode == "training" else forward


@dataclass(frozen=True)
class Grid:
    """All combinations of the sizes named."""

    cells: tuple[str, ...]
    hidden: tuple[int, ...]
    batch: tuple[int, ...]
    steps: tuple[int, ...]
    dtypes: tuple[str, ...] = ("float32",)
    modes: tuple[str, ...] = MODES

    def cases(self) -> list[Case]:
        """One case per combination.

        Example:
            >>> [str(case) for case in Grid(("gru",), (32, 64), (1,), (20,), modes=("training",)).cases()]
            ['gru H=32 B=1 T=20 float32 training', 'gru H=64 B=1 T=20 float32 training']
        """
        return [
            Case(cell, hidden, batch, steps, dtype, mode)
            for dtype, mode, cell, batch, steps, hidden in itertools.product(
                self.dtypes, self.modes, self.cells, self.batch, self.steps, self.hidden
            )
        ]


QUICK = Grid(cells=("rnn", "gru", "lstm"), hidden=(32, 128, 512), batch=(1, 32), steps=(100,))
FULL = Grid(
    cells=("rnn", "gru", "lstm"),
    hidden=(32, 64, 128, 256, 512),
    batch=(1, 32, 128),
    steps=(20, 100, 500),
    dtypes=("float32", "bfloat16"),
)
