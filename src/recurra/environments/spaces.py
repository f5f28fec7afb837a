"""What an environment shows and takes, as vectors of numbers: its spaces, read and written.

A choice among n becomes a vector of n places with a one; numbers stay what they are, laid flat; of a tuple the parts
follow one another, those of a mapping in the order of their names. What has no such form (texts, graphs, images) is
refused by the name of its space.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recurra.checking import require
from recurra.errors import InputError
from recurra.language import _

if TYPE_CHECKING:
    from gymnasium import Space

Floats = npt.NDArray[np.floating]

NUMBERS, CHOICE, CHOICES = "numbers", "choice", "choices"
_IMAGE = 3  # axes of bytes
_UNLIMITED = 1e30  # as spaces write it in float32


@dataclass(frozen=True)
class Part:
    """A part of what is seen: `size` numbers, or a choice among so many, the first of which is called `start`."""

    kind: str
    size: int
    start: int = 0


@dataclass(frozen=True)
class Observed:
    """What is seen of a step: parts that follow one another."""

    parts: tuple[Part, ...]

    def check(self) -> None:
        """Refuse parts that are none."""
        require(
            bool(self.parts) and all(p.kind in (NUMBERS, CHOICE) and p.size >= 1 for p in self.parts), "observations"
        )

    @property
    def width(self) -> int:
        """F, numbers of an observation."""
        return sum(part.size for part in self.parts)

    @property
    def plain(self) -> bool:
        """Whether it is a vector of numbers as it stands."""
        return len(self.parts) == 1 and self.parts[0].kind == NUMBERS

    @property
    def measured(self) -> npt.NDArray[np.bool_]:
        """[F]: which are numbers, that have a mean and a spread; choices are not."""
        return np.repeat([part.kind == NUMBERS for part in self.parts], [part.size for part in self.parts])

    def vector(self, seen: Any) -> Floats:
        """[F] of one observation. Raises ValueError for a choice that there is not."""
        if self.plain:
            return np.asarray(seen, dtype=np.float32).reshape(-1)
        found = np.zeros(self.width, dtype=np.float32)
        values, at = _flat(seen), 0
        for part in self.parts:
            if part.kind == NUMBERS:
                found[at : at + part.size] = [next(values) for _k in range(part.size)]
            else:
                place = int(next(values)) - part.start
                if not 0 <= place < part.size:
                    raise ValueError(f"choice {place + part.start} of {part.size}")
                found[at + place] = 1.0
            at += part.size
        return found

    @property
    def names(self) -> list[str]:
        """[F]: what each number is called where it is shown."""
        if len(self.parts) == 1:
            return [str(k) for k in range(self.width)]
        return [f"{number}.{k}" for number, part in enumerate(self.parts) for k in range(part.size)]


@dataclass(frozen=True)
class Acted:
    """What is done in a step: a choice among `size`, or `size` numbers from `low` to `high` (None: without a limit).

    Of several choices at once `size` is the sum of their `sizes`; the first of each is called as `starts` says.
    """

    kind: str
    size: int
    start: int = 0
    low: tuple[float | None, ...] = ()
    high: tuple[float | None, ...] = ()
    shape: tuple[int, ...] = ()
    sizes: tuple[int, ...] = ()
    starts: tuple[int, ...] = ()

    def check(self) -> None:
        """Refuse an action that is none."""
        require(self.kind in (NUMBERS, CHOICE, CHOICES) and self.size >= 1, "actions")
        require(self.kind != NUMBERS or len(self.low) == len(self.high) == self.size, "limits of actions")
        if self.kind == CHOICES:
            require(min(self.sizes, default=0) >= 1 and sum(self.sizes) == self.size, "choices")
            require(len(self.starts) == len(self.sizes) == int(np.prod(self.shape)), "choices")

    @property
    def chosen(self) -> bool:
        """Whether it is a choice, or several."""
        return self.kind != NUMBERS

    @property
    def one(self) -> tuple[int, ...]:
        """The shape of the agent's action: a choice is a number, several and numbers are a vector."""
        return () if self.kind == CHOICE else (len(self.sizes),) if self.kind == CHOICES else (self.size,)

    @property
    def groups(self) -> tuple[int, ...] | None:
        """The sizes of several choices, which lie side by side in the policy's logits; None where it is not several."""
        return self.sizes if self.kind == CHOICES else None

    @cached_property
    def limits(self) -> tuple[Floats, Floats, Floats, Floats]:
        """[A] each: the least, the most, what 0 of the agent's means, and how much 1 is."""
        low = np.array([-np.inf if end is None else end for end in self.low])
        high = np.array([np.inf if end is None else end for end in self.high])
        bounded = np.isfinite(low) & np.isfinite(high)
        first, last = np.where(bounded, low, -1.0), np.where(bounded, high, 1.0)
        return low, high, (first + last) / 2, (last - first) / 2

    def given(self, row: Any) -> Any:
        """What the environment takes, of the agent's number [] of a choice, its choices [K], or its numbers [A], of
        which -1 to 1 spans what is allowed."""
        if self.kind == CHOICE:
            return int(row) + self.start
        if self.kind == CHOICES:
            return (np.asarray(row, dtype=np.int64) + self.starts).reshape(self.shape)
        low, high, middle, half = self.limits
        return np.minimum(np.maximum(middle + half * row, low), high).astype(np.float32).reshape(self.shape)


def observed(space: Space, name: str) -> Observed:
    """How an environment is seen. Raises InputError for a space that cannot be read as a vector."""
    return Observed(tuple(_parts(space, name)))


def acted(space: Space, name: str) -> Acted:
    """How one acts in an environment. Raises InputError for a space that an agent cannot act in."""
    from gymnasium import spaces

    if isinstance(space, spaces.Discrete):
        return Acted(CHOICE, int(space.n), int(space.start))
    if isinstance(space, spaces.MultiDiscrete):
        starts = np.ravel(getattr(space, "start", np.zeros_like(space.nvec)))
        return _choices(np.ravel(space.nvec).tolist(), starts.tolist(), space.shape)
    if isinstance(space, spaces.MultiBinary):
        count = int(np.prod(space.shape))
        return _choices([2] * count, [0] * count, space.shape)
    if isinstance(space, spaces.Box) and np.issubdtype(space.dtype, np.floating):
        low, high = (tuple(_limit(end) for end in np.ravel(side).tolist()) for side in (space.low, space.high))
        return Acted(NUMBERS, len(low), low=low, high=high, shape=tuple(map(int, space.shape)))
    raise InputError(
        _(
            "{name} takes actions of a {space} space: expected Discrete (a choice), MultiDiscrete or MultiBinary "
            "(several at once), or Box of floating-point numbers",
            name=name,
            space=type(space).__name__,
        )
    )


def _choices(sizes: list[int], starts: list[int], shape: tuple[int, ...]) -> Acted:
    return Acted(
        CHOICES, sum(sizes), shape=tuple(map(int, shape)), sizes=tuple(map(int, sizes)), starts=tuple(map(int, starts))
    )


def _parts(space: Space, name: str) -> list[Part]:
    from gymnasium import spaces

    if isinstance(space, spaces.Discrete):
        return [Part(CHOICE, int(space.n), int(space.start))]
    if isinstance(space, spaces.MultiDiscrete):
        starts = np.ravel(getattr(space, "start", np.zeros_like(space.nvec)))
        return [Part(CHOICE, int(n), int(start)) for n, start in zip(np.ravel(space.nvec), starts, strict=True)]
    if isinstance(space, spaces.MultiBinary):
        return [Part(NUMBERS, int(np.prod(space.shape)))]
    if isinstance(space, spaces.Tuple):
        return [part for each in space.spaces for part in _parts(each, name)]
    if isinstance(space, spaces.Dict) and space.spaces:
        return [part for key in sorted(space.spaces) for part in _parts(space.spaces[key], name)]
    image = isinstance(space, spaces.Box) and space.dtype == np.uint8 and len(space.shape) >= _IMAGE
    if isinstance(space, spaces.Box) and not image:
        return [Part(NUMBERS, int(np.prod(space.shape)))]
    what = _("images") if image else _("a {space} space", space=type(space).__name__)
    raise InputError(
        _(
            "{name} shows {what}: expected Box (numbers), Discrete, MultiDiscrete, MultiBinary, or a Tuple or Dict of "
            "these",
            name=name,
            what=what,
        )
    )


def _limit(end: float) -> float | None:
    return float(end) if np.isfinite(end) and abs(end) < _UNLIMITED else None


def _flat(seen: Any) -> Any:
    """The numbers of an observation, one after the other."""
    if isinstance(seen, Mapping):
        for key in sorted(seen):
            yield from _flat(seen[key])
    elif isinstance(seen, Sequence):
        for each in seen:
            yield from _flat(each)
    else:
        yield from np.ravel(np.asarray(seen)).tolist()
