"""One number (or vector, or matrix) of a worked example: its name, where it comes from, and what it is the sum of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from recurra.textbook.arrays import Array

PARTS = {
    "given": "Given",
    "forward": "Forward",
    "backward": "Backward through time",
    "gradients": "Gradients of the parameters, summed over the steps",
    "update": "One step of gradient descent",
}


class Term(NamedTuple):
    """A summand: what it is in symbols, and its value."""

    label: str
    value: Array


@dataclass(frozen=True, eq=False)
class Row:
    """A quantity of a worked example; its value is the sum of its terms, where it has any.

    part     which of PARTS it belongs to
    step     t, from 1; None for what belongs to all steps
    name     in the symbols of the cell's file, such as "dJ/dh_2"
    formula  how it is computed, in the same symbols
    """

    part: str
    step: int | None
    name: str
    formula: str
    value: Array
    terms: tuple[Term, ...] = ()


def sum_row(part: str, step: int | None, name: str, value: Array, terms: Iterable[tuple[str, Array]]) -> Row:
    """A row that is a sum; a label may say after a comma where its summand comes from."""
    terms = tuple(Term(*term) for term in terms)
    formula = " + ".join(term.label.partition(", ")[0] for term in terms)
    return Row(part, step, name, formula, value, terms)


def over_steps(name: str, summands: Array, label: str) -> Row:
    """The gradient of a parameter from what each step adds [T, ...]; `label` holds {t} and {before} for t and t-1."""
    terms = ((label.format(t=t, before=t - 1) + f", step {t}", each) for t, each in enumerate(summands, start=1))
    return sum_row("gradients", None, name, summands.sum(axis=0), terms)


def gate_slices(gates: str, units: int) -> Iterator[tuple[str, slice]]:
    """Each gate's letter and its block of rows.

    >>> dict(gate_slices("rzn", 2))["z"]
    slice(2, 4, None)
    """
    for place, gate in enumerate(gates):
        yield gate, slice(place * units, (place + 1) * units)
