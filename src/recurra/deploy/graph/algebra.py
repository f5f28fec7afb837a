"""Vectors of a graph with the operators of arithmetic, so that what is written out looks like its equations.

Comparisons give 1 or 0; a number, or a vector of one number, stands for as many as the other side has.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from recurra.deploy.graph.builder import Builder
from recurra.deploy.graph.nodes import Vector


@dataclass(frozen=True)
class Term:
    """A vector `v` of the graph that `b` makes.

    >>> b = Builder()
    >>> x = Term(b, b.input("x", 3, at=""))
    >>> y = (x - x.sum() / 3.0).where(x > 0.0, 0.0)
    >>> y.v.width, [type(node).__name__ for node in b.nodes][:3]
    (3, ['Linear', 'Scale', 'Repeat'])
    """

    b: Builder
    v: Vector

    def _of(self, v: Vector) -> Term:
        return Term(self.b, v)

    def _both(self, other: Any, operation: str, *, turned: bool = False) -> Term:
        first, second = self.alike(other)
        if turned:
            first, second = second, first
        return self._of(self.b.combine(first, second, operation))

    def alike(self, other: Any) -> tuple[Vector, Vector]:
        """Both as vectors of the same width and type."""
        if not isinstance(other, Term):
            fixed = self.b.fixed([other] if isinstance(other, int | float) else other, double=self.v.double)
            other = Term(self.b, fixed)
        width = max(self.v.width, other.v.width)
        return self.wide(width).v, other.wide(width).v

    def __add__(self, other: Any) -> Term:
        if isinstance(other, int | float):
            return self._of(self.b.scale(self.v, 1.0, other))
        return self._both(other, "add")

    def __sub__(self, other: Any) -> Term:
        return self + -other if isinstance(other, int | float) else self._both(other, "subtract")

    def __rsub__(self, other: float) -> Term:
        return self._of(self.b.scale(self.v, -1.0, other))

    def __neg__(self) -> Term:
        return self._of(self.b.scale(self.v, -1.0))

    def __mul__(self, other: Any) -> Term:
        if isinstance(other, int | float):
            return self._of(self.b.scale(self.v, other))
        return self._both(other, "multiply")

    def __truediv__(self, other: Any) -> Term:
        if isinstance(other, int | float):
            return self._of(self.b.scale(self.v, 1.0 / other))
        return self._both(other, "divide")

    def __lt__(self, other: Any) -> Term:
        return self._both(other, "less")

    def __gt__(self, other: Any) -> Term:
        return self._both(other, "less", turned=True)

    def __le__(self, other: Any) -> Term:
        return self._both(other, "at_most")

    def __ge__(self, other: Any) -> Term:
        return self._both(other, "at_most", turned=True)

    def __and__(self, other: Term) -> Term:
        return self._both(other, "multiply")

    def __getitem__(self, place: slice | int) -> Term:
        start, stop, _ = place.indices(self.v.width) if isinstance(place, slice) else (place, place + 1, 1)
        return self._of(self.b.part(self.v, start, stop - start))

    def where(self, condition: Term, other: Any) -> Term:
        """These numbers where the condition holds, the others elsewhere."""
        mine, others = self.alike(other)
        return self._of(self.b.choose(condition.wide(mine.width).v, others, mine))

    def at_least(self, other: Any) -> Term:
        """The larger one."""
        return self._both(other, "maximum")

    def at_most(self, other: Any) -> Term:
        """The smaller one."""
        return self._both(other, "minimum")

    def clip(self, low: float, high: float) -> Term:
        """No number below `low` or above `high`."""
        return self._of(self.b.clip(self.v, low, high))

    def apply(self, function: str) -> Term:
        """A function of each number."""
        return self._of(self.b.apply(self.v, function))

    def silu(self) -> Term:
        """x sigmoid(x)."""
        return self * self.apply("sigmoid")

    def sum(self) -> Term:
        """One number."""
        return self._of(self.b.total(self.v))

    def largest(self) -> Term:
        """One number."""
        return self._of(self.b.largest(self.v))

    def smallest(self) -> Term:
        """One number."""
        return -(-self).largest()

    def running_sum(self) -> Term:
        """Sums up to each number, added up in float64."""
        found = self._of(self.b.running(self.b.cast(self.v, double=True), "sum"))
        return found.cast(double=self.v.double)

    def cast(self, *, double: bool) -> Term:
        """In float64 or float32."""
        return self._of(self.b.cast(self.v, double=double))

    def wide(self, width: int) -> Term:
        """The one number, `width` times."""
        return self if self.v.width == width else self._of(self.b.wide(self.v, width))

    def pick(self, places: Term) -> Term:
        """The numbers at these places."""
        return self._of(self.b.pick(self.v, places.v))

    def later(self, steps: int) -> Term:
        """Moved `steps` places on, zeros before."""
        zeros = self.b.fixed([0.0] * steps, double=self.v.double)
        return self._of(self.b.join([zeros, self.b.part(self.v, 0, self.v.width - steps)]))

    def followed(self, count: int) -> Term:
        """Zeros behind."""
        if not count:
            return self
        return self._of(self.b.join([self.v, self.b.fixed([0.0] * count, double=self.v.double)]))

    def on(self, axis: str, width: int = 1) -> Term:
        """The numbers as vectors of `width` on an axis, or on none."""
        return self._of(self.b.reshape(self.v, axis, width))

    def linear(self, weight: Any, bias: Any = None, *, exact: bool = False) -> Term:
        """weight x + bias."""
        return self._of(self.b.linear(self.v, weight, bias, exact=exact))


def joined(terms: Sequence[Term]) -> Term:
    """One after the other."""
    return Term(terms[0].b, terms[0].b.join([each.v for each in terms]))


def least(terms: Sequence[Term]) -> Term:
    """The smallest of each number."""
    found = terms[0]
    for each in terms[1:]:
        found = found.at_most(each)
    return found
