"""Whether a class declares a cell, and whether its parts agree: what `register` asks, and what `check` tries out."""

from __future__ import annotations

import keyword
from dataclasses import fields, is_dataclass
from typing import Any

import torch
from torch import Tensor

from recurra.cells.cell import OPTION_OF, OPTIONS, Cell, Gate, State, zeros
from recurra.cells.weights import Weights
from recurra.errors import InputError

_BATCH, _HIDDEN, _STEPS = 3, 4, 11
_CLOSE = 1e-9  # in float64


def check_declaration(cell: Any) -> None:
    """Raise InputError where a class is no frozen dataclass derived from `Cell` with a name, states and gates."""
    if not isinstance(cell, type) or not issubclass(cell, Cell):
        raise InputError(f"{cell!r} is no cell: expected a class derived from recurra.cells.Cell")
    called = f"the cell {cell.__name__}"
    frozen = getattr(cell, "__dataclass_params__", None)
    if not is_dataclass(cell) or not (frozen and frozen.frozen) or "__dataclass_fields__" not in cell.__dict__:
        raise InputError(f"{called} is no frozen dataclass: expected @dataclass(frozen=True) below the decorator")
    abstract: frozenset[str] = getattr(cell, "__abstractmethods__", frozenset())
    if abstract:
        raise InputError(f"{called} lacks {', '.join(sorted(abstract))}: expected these methods")
    name: object = getattr(cell, "name", None)
    if not isinstance(name, str) or not name.isidentifier() or keyword.iskeyword(name) or not name.islower():
        raise InputError(f"{called} has the name {name!r}: expected a word in small letters, such as 'mingru'")
    for part, kind in (("states", State), ("gates", Gate)):
        given: Any = getattr(cell, part, None)
        if isinstance(given, property):
            continue
        if not isinstance(given, tuple) or not given or not all(isinstance(each, kind) for each in given):
            raise InputError(f"{called} has {part} {given!r}: expected a tuple of recurra.cells.{kind.__name__}")
        called_twice = sorted({each.name for each in given if [e.name for e in given].count(each.name) > 1})
        if called_twice:
            raise InputError(f"{called} has two {part} called {called_twice[0]!r}: expected a name for each")
    unknown = sorted(set(cell.options) - set(OPTIONS))
    if unknown:
        raise InputError(f"{called} has the option {unknown[0]!r}: expected some of {', '.join(OPTIONS)}")
    missing = [field.name for field in fields(cell) if field.default is field.default_factory]
    if missing:
        raise InputError(f"{called} has no default for {missing[0]!r}: expected one for every field of the variant")


def check(cell: Cell | type[Cell]) -> None:
    """Try a cell out, on random numbers in float64; InputError says which part of its contract it does not keep.

    The declaration; the shapes of what `step` gives; that a row's result depends on no other row; that gradients exist
    and are right (`torch.autograd.gradcheck`); and that `scan`, where there is one, gives what `step` gives.

    >>> from recurra import cells
    >>> cells.check(cells.GRU)
    """
    check_declaration(cell if isinstance(cell, type) else type(cell))
    made = cell() if isinstance(cell, type) else cell
    called = f"the cell {type(made).__name__}"
    draw = torch.Generator().manual_seed(0)

    def numbers(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=draw, dtype=torch.float64) * 0.5

    weights = weights_for(made, _HIDDEN, numbers)
    projected = numbers(_STEPS, _BATCH, made.blocks * _HIDDEN)
    state = zeros(made, projected, _BATCH, _HIDDEN, _HIDDEN)
    states = [state]
    for projected_input in projected:
        state = made.step(projected_input, state, weights)
        found = [tuple(each.shape) for each in state]
        expected = [(_BATCH, _HIDDEN)] * len(made.states)
        if found != expected:
            raise InputError(f"{called} gives states of shapes {found} after a step: expected {expected}")
        if not all(bool(each.isfinite().all()) for each in state):
            raise InputError(
                f"{called} gives numbers that are not finite, from states of zeros and inputs of unit size"
            )
        states.append(state)
    values = made.activate(projected[0], states[-1], weights)
    if len(values) < len(made.gates) or any(each.shape != (_BATCH, _HIDDEN) for each in values[: len(made.gates)]):
        raise InputError(f"{called} gives {len(values)} values of gates: expected [B, H] for each of {len(made.gates)}")
    alone = made.step(projected[-1, :1], tuple(each[:1] for each in states[-2]), weights)
    if any(float((a - b[:1]).abs().max()) > _CLOSE for a, b in zip(alone, states[-1], strict=True)):
        raise InputError(f"{called} gives a row another result beside other rows than alone: expected the same")
    _check_gradients(made, called, projected[0], states[-1], weights)
    scanned = made.scan(projected, states[0], weights)
    if scanned is not None:
        for name, found_states, steps in zip(
            [each.name for each in made.states], scanned, zip(*states[1:], strict=True), strict=True
        ):
            stacked = torch.stack(steps)
            if found_states.shape != stacked.shape or float((found_states - stacked).abs().max()) > _CLOSE:
                raise InputError(f"{called} gives other values of {name} by `scan` than by `step`: expected the same")


def weights_for(cell: Cell, hidden: int, numbers: Any, *, options: bool = False) -> Weights:
    """Random weights for a cell of H units, without those of its options unless `options`."""
    given: dict[str, Tensor] = {}
    own: list[Tensor] = []
    for name, shape in cell.parameters(hidden, hidden).items():
        if name not in Weights._fields:
            own.append(numbers(*shape))
        elif options or name not in OPTION_OF:
            given[name] = numbers(*shape)
    return Weights(**given, own=tuple(own))


def _check_gradients(cell: Cell, called: str, projected: Tensor, state: tuple[Tensor, ...], weights: Weights) -> None:
    given = [weights.recurrent] if weights.recurrent is not None else []
    leaves = [each.detach().clone().requires_grad_() for each in (projected, *state, *given, *weights.own)]
    count = len(state)

    def step(projected: Tensor, *rest: Tensor) -> tuple[Tensor, ...]:
        others = rest[count:]
        held = weights._replace(own=others[len(given) :])
        return cell.step(projected, rest[:count], held._replace(recurrent=others[0]) if given else held)

    try:
        torch.autograd.gradcheck(step, leaves, raise_exception=True)
    except RuntimeError as error:
        raise InputError(f"{called} has gradients that are not those of its step: {error}") from error
