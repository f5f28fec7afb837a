"""Recorded observations: a table with a column for each number that an agent sees, a row for each step."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted
from recurra.environments.making import World
from recurra.errors import InputError
from recurra.language import _

EPISODE = "episode"


@dataclass(frozen=True, eq=False)
class Recorded:
    """Vectors [N, F] of steps, and the episode of each [N], which lie together."""

    seen: npt.NDArray[np.float32]
    episodes: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.seen)


def recorded(frame: pd.DataFrame, world: World, source: str) -> tuple[Recorded, list[Fact]]:
    """The observations of a table: its numeric columns but `episode`, as they stand.

    Raises InputError for more or fewer than an agent sees, for a missing number, for a choice that there is not.
    """
    parts = world.observed.parts
    needed = sum(part.size if part.kind == "numbers" else 1 for part in parts)
    columns = [name for name in frame.columns if name != EPISODE and pd.api.types.is_numeric_dtype(frame[name])]
    if len(columns) != needed:
        raise InputError(
            _(
                "{source} has {found} of numbers beside {episode!r}: expected {needed}, what {name} shows in a step",
                source=source,
                found=counted(len(columns), "column"),
                episode=EPISODE,
                needed=needed,
                name=world.name,
            )
        )
    values = frame[columns].to_numpy(dtype=np.float64, na_value=np.nan)
    if not np.isfinite(values).all():
        row, column = np.argwhere(~np.isfinite(values))[0]
        raise InputError(
            _(
                "{source} has no number in column {column!r} of row {row}: an agent sees all of them in every step",
                source=source,
                column=str(columns[column]),
                row=row + 1,
            )
        )
    seen = np.zeros((len(frame), world.observed.width), dtype=np.float32)
    at = taken = 0
    for part in parts:
        if part.kind == "numbers":
            seen[:, at : at + part.size] = values[:, taken : taken + part.size]
            taken += part.size
        else:
            chosen = values[:, taken] - part.start
            wrong = (chosen < 0) | (chosen >= part.size) | (chosen % 1 != 0)
            if wrong.any():
                row = int(wrong.argmax())
                raise InputError(
                    _(
                        "{source} has {value:g} in column {column!r} of row {row}: expected a whole number "
                        "from {first} to {last}",
                        source=source,
                        value=values[row, taken],
                        column=str(columns[taken]),
                        row=row + 1,
                        first=part.start,
                        last=part.start + part.size - 1,
                    )
                )
            seen[np.arange(len(frame)), at + chosen.astype(int)] = 1.0
            taken += 1
        at += part.size
    codes = pd.factorize(frame[EPISODE])[0] if EPISODE in frame else np.zeros(len(frame), dtype=np.int64)
    told = _("{steps} of {episodes}", steps=counted(len(frame), "step"), episodes=counted(len(set(codes)), "episode"))
    return Recorded(seen, codes.astype(np.int64)), [Fact(_("observations"), told)]
