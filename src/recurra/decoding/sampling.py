"""Sampling: at every step a symbol drawn from the network's distribution, made sharper or cut off before.

    p(s) ~ exp(z_s / temperature), of the `top_k` likeliest symbols, of those the fewest whose probabilities reach
    `top_p` together (the nucleus: Holtzman et al. 2020, "The curious case of neural text degeneration")

A temperature of 0 takes the likeliest. Draws are NumPy's of a seed, a number a step and row whatever is drawn, so that
the same seed gives the same symbols, and each row its own whatever the others are.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from numbers import Integral, Real

import numpy as np
import numpy.typing as npt

from recurra.errors import InputError
from recurra.language import _
from recurra.options import option

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]
Step = Callable[[Ints], Floats]  # symbols [B] that come next -> logits [B, V] of those after them


@dataclass(frozen=True)
class Sampling:
    """How a symbol is drawn; None for no limit.

    >>> Sampling(temperature=0).draw(np.array([[0.1, 2.0, 0.3]]), np.array([0.9])).tolist()
    [1]
    >>> Sampling(top_k=2).probabilities(np.log([[0.5, 0.3, 0.2]])).round(3).tolist()
    [[0.625, 0.375, 0.0]]
    """

    temperature: float = 1.0
    top_k: int | None = None
    top_p: float | None = None

    def __post_init__(self) -> None:
        given = self.temperature
        if not isinstance(given, Real) or isinstance(given, bool) or not (given >= 0 and math.isfinite(given)):
            raise InputError(
                _(
                    "{temperature}: expected a number of at least 0; 1 for no change",
                    temperature=option("temperature", given),
                )
            )
        if self.top_k is not None and (not isinstance(self.top_k, Integral) or self.top_k < 1):
            raise InputError(_("{top_k}: expected a whole number of at least 1", top_k=option("top_k", self.top_k)))
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise InputError(_("{top_p}: expected a share above 0 and up to 1", top_p=option("top_p", self.top_p)))

    def probabilities(self, logits: Floats) -> Floats:
        """Of every symbol [B, V], by logits [B, V]."""
        if self.temperature == 0:
            return np.eye(logits.shape[1])[logits.argmax(axis=1)]
        z = logits.astype(np.float64) / self.temperature
        z -= z.max(axis=1, keepdims=True)
        p = np.exp(z)
        if self.top_k is not None and self.top_k < p.shape[1]:
            least = np.partition(p, -self.top_k, axis=1)[:, -self.top_k, None]
            p[p < least] = 0.0
        p /= p.sum(axis=1, keepdims=True)
        if self.top_p is not None and self.top_p < 1:
            order = np.argsort(-p, axis=1, kind="stable")
            before = np.cumsum(np.take_along_axis(p, order, axis=1), axis=1) - np.take_along_axis(p, order, axis=1)
            outside = np.zeros_like(p, dtype=bool)
            np.put_along_axis(outside, order, before >= self.top_p, axis=1)
            p[outside] = 0.0
            p /= p.sum(axis=1, keepdims=True)
        return p

    def draw(self, logits: Floats, uniform: Floats) -> Ints:
        """A symbol of every row [B] by uniform numbers [B]."""
        if self.temperature == 0:
            return logits.argmax(axis=1)
        if self.top_k is None and self.top_p is None:  # the common way, without normalising
            z = logits.astype(np.float64)
            z -= z.max(axis=1, keepdims=True)
            sums = np.exp(z / self.temperature).cumsum(axis=1)
        else:
            sums = self.probabilities(logits).cumsum(axis=1)
        found = (sums <= (uniform * sums[:, -1])[:, None]).sum(axis=1)
        return np.minimum(found, logits.shape[1] - 1)

    def symbols(
        self,
        step: Step,
        prompt: Ints,
        rows: int,
        *,
        seed: int,
        never: Ints | None = None,
        follows: npt.NDArray[np.bool_] | None = None,
    ) -> Iterator[Ints]:
        """Symbol after symbol of `rows` continuations [B] of a prompt [n], n > 0, without end.

        Symbols in `never` are not drawn, and where `follows` [V, V] is given, only those that follow the last one.
        """
        rng = np.random.default_rng(seed)
        for symbol in prompt[:-1]:
            step(np.full(rows, symbol))
        last = np.full(rows, prompt[-1])
        while True:
            logits = step(last)
            if never is not None:
                logits[:, never] = -np.inf
            if follows is not None:
                logits[~follows[last]] = -np.inf
            last = self.draw(logits, rng.random(rows))
            yield last
