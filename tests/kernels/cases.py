"""Recurrences of every kind, drawn at random, and what a backend answers: results and all gradients."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from functools import partial
from types import SimpleNamespace
from typing import Any
from unittest import mock

import torch
from hypothesis import strategies as st
from tests.emulated import ONLY
from torch import Tensor

from recurra.cells import GRU, LSTM, RNN, Cell, Weights
from recurra.kernels import chooser, function, reference, workspace
from recurra.kernels.contract import Call, DropoutMasks, Layout, Recurrence

engine: Any = SimpleNamespace(run=partial(function.run, chooser.ENGINE)) if chooser.ENGINE else None
builds: Any = chooser.builds
# All that the machine has, or the one that the whole run of the tests is about.
_ONLY = os.environ.get(ONLY) or os.environ.get("RECURRA_ISA")
BUILDS: list[str] = [_ONLY] if _ONLY else builds._engine.supported_builds() if builds else []

CELLS: tuple[Cell, ...] = (RNN(), RNN("relu"), LSTM(), GRU(), GRU(reset_after=False))
SIZES = (1, 3, 17, 63)
# Errors are measured in the largest number of the same tensor plus a floor, against float64 on the same rounded
# numbers. The variance of a layer norm over few numbers may be as small as its epsilon: an error 316 times larger.
PLAIN = {torch.float32: 1e-5, torch.float64: 1e-13, torch.bfloat16: 0.08}
NORMED = {torch.float32: 6e-5, torch.float64: 3e-12, torch.bfloat16: 0.2}
FLOOR = {torch.float32: 0.1, torch.float64: 0.1, torch.bfloat16: 1.0}

# "projected": x is W x already; "outside": the product with W is torch's; "some": not every gradient is asked for.
COMMON = (
    "bias", "state", "reverse", "batch_first", "lengths", "packed", "projected", "outside", "dropout", "zoneout",
    "rate", "norm", "some",
)  # fmt: skip
OF_LSTM = ("projection", "peephole", "norm_cell")
MATRICES = {"input_weight", "recurrent", "projection"}


@dataclass(frozen=True)
class Case:
    """A recurrence over T steps of B rows with F features, H hidden units, and the names of its options."""

    cell: Cell
    steps: int
    batch: int
    features: int
    hidden: int
    options: frozenset[str]
    seed: int = 0


@dataclass(frozen=True)
class Question:
    """What a backend is asked, in float64: tensors by name, and which of them to differentiate by."""

    recurrence: Recurrence
    tensors: dict[str, Tensor]
    layout: Layout
    masks: DropoutMasks
    needed: tuple[str, ...]
    weighed: tuple[bool, ...]  # which results the gradients come from

    def ask(self, run: chooser.Run, dtype: torch.dtype) -> list[Tensor]:
        """Outputs, last states, and the gradient by every tensor of `needed`, computed in `dtype`."""
        given = {name: tensor.to(dtype, copy=True) for name, tensor in self.tensors.items()}
        for name in self.needed:
            given[name].requires_grad_()
        state = tuple(given[name] for name in ("h", "c") if name in given) or None
        weights = Weights(*(given.get(name) for name in Weights._fields[:-1]))  # type: ignore[arg-type]
        mask = self.masks.dropout
        masks = self.masks._replace(dropout=None if mask is None else mask.to(dtype))
        outputs, last = run(Call(
            self.recurrence, given["x"], given.get("input_weight"), given.get("input_bias"), state, weights,
            self.layout, masks,
        ))  # fmt: skip
        results = [outputs, *last]
        found = [result.detach() for result in results]
        if not self.needed:
            return found
        draw = torch.Generator().manual_seed(1)
        seeds = [torch.randn(result.shape, generator=draw, dtype=torch.float64).to(dtype) for result in results]
        chosen = [i for i, weighed in enumerate(self.weighed[: len(results)]) if weighed and results[i].requires_grad]
        grads = torch.autograd.grad(
            [results[i] for i in chosen], [given[name] for name in self.needed], [seeds[i] for i in chosen],
            allow_unused=True,
        )  # fmt: skip
        zeros = (torch.zeros_like(given[name]) for name in self.needed)
        return found + [zero if grad is None else grad for grad, zero in zip(grads, zeros, strict=True)]


def question(case: Case, dtype: torch.dtype = torch.float64) -> Question:
    """A case's tensors at random, rounded to `dtype`."""
    cell, steps, batch, hidden, options = case.cell, case.steps, case.batch, case.hidden, case.options
    draw = torch.Generator().manual_seed(case.seed)

    def normal(name: str, shape: tuple[int, ...]) -> Tensor:
        scale = 0.7 * shape[1] ** -0.5 if name in MATRICES else 0.5  # or a wide recurrence would be chaotic
        return (scale * torch.randn(*shape, generator=draw, dtype=torch.float64)).to(dtype).double()

    def mask(rows: int, width: int) -> Tensor:
        return (torch.rand(rows, width, generator=draw) > 0.7).to(torch.uint8)

    lengths = offsets = None
    rows = steps * batch
    if options & {"lengths", "packed"} and batch:
        lengths = torch.randint(0, steps + 1, (batch,), generator=draw)
        if "packed" in options:
            lengths = lengths.sort(descending=True)[0]
            lengths[0] = steps
            live = (lengths > torch.arange(steps).unsqueeze(1)).sum(1)
            offsets, rows = live.cumsum(0) - live, int(lengths.sum())
    lstm, blocks = isinstance(cell, LSTM), cell.blocks * hidden
    width = max(1, hidden // 2) if "projection" in options else hidden
    projected, bias = "projected" in options, "bias" in options
    shapes: dict[str, tuple[int, ...] | None] = {
        "x": (rows, blocks if projected else case.features),
        "input_weight": None if projected else (blocks, case.features),
        "input_bias": (blocks,) if bias and not projected else None,
        "h": (batch, width) if "state" in options else None,
        "c": (batch, hidden) if "state" in options and lstm else None,
        "recurrent": (blocks, width),
        "bias": (blocks,) if bias else None,
        "projection": (width, hidden) if "projection" in options else None,
        "peephole": (3, hidden) if "peephole" in options else None,
        "norm": (blocks,) if "norm" in options else None,
        "norm_cell": (2, hidden) if "norm_cell" in options else None,
    }
    tensors = {name: normal(name, shape) for name, shape in shapes.items() if shape is not None}
    masks = DropoutMasks(
        ((torch.rand(batch, width, generator=draw) > 0.3) / 0.7).to(dtype).double() if "dropout" in options else None,
        mask(rows, width) if "zoneout" in options else None,
        mask(rows, hidden) if "zoneout" in options and lstm else None,
    )
    kept = torch.rand(20, generator=draw) > 0.5 if "some" in options else torch.ones(20, dtype=torch.bool)
    return Question(
        Recurrence(cell, "reverse" in options, (0.25, 0.125) if "rate" in options else (0.0, 0.0)),
        tensors,
        Layout(steps, batch, "batch_first" in options and "packed" not in options, lengths, offsets),
        masks,
        tuple(name for name, keep in zip(tensors, kept.tolist(), strict=False) if keep),
        tuple(kept[-3:].tolist()) if kept[-3:].any() else (True, False, False),
    )


@st.composite
def cases(draw: st.DrawFn, steps: int = 9, sizes: tuple[int, ...] = SIZES) -> Case:
    """Any cell at any size with any of its options."""
    cell = draw(st.sampled_from(CELLS))
    possible = COMMON + (OF_LSTM if isinstance(cell, LSTM) else ())
    if cell == GRU(reset_after=False):
        possible = tuple(name for name in possible if name != "norm")
    options = draw(st.frozensets(st.sampled_from(possible)))
    return Case(
        cell, draw(st.integers(0, steps)), draw(st.integers(0, 19)), draw(st.integers(1, 5)),
        draw(st.sampled_from(sizes)), options, draw(st.integers(0, 1000)),
    )  # fmt: skip


def error(ours: list[Tensor], theirs: list[Tensor]) -> float:
    """The largest difference, of the largest number of the same tensor; infinite where one is NaN or shapes differ."""
    worst = 0.0
    for a, b in zip(ours, theirs, strict=True):
        if a.shape != b.shape:
            return torch.inf
        if a.numel():
            difference = float((a.double() - b.double()).abs().max() / (b.double().abs().max() + FLOOR[a.dtype]))
            worst = max(worst, difference if difference == difference else torch.inf)
    return worst


def tolerance(case: Case, dtype: torch.dtype) -> float:
    """The error that a dtype may make.

    A layer norm over the few numbers of a single unit may multiply the rounding of its inputs by any factor up to 316
    at every step. Where it does so, the reference itself moves by more than the usual tolerance when its inputs are
    rounded otherwise; the engine may be as far off as that, or as the reference computed in the same dtype.
    """
    normed = case.options & {"norm", "norm_cell"}
    usual = (NORMED if normed else PLAIN)[dtype]
    if not normed or case.hidden > 1 or dtype == torch.float64:
        return usual
    asked = question(case, dtype)
    exact = asked.ask(reference.run, torch.float64)
    draw = torch.Generator().manual_seed(0)
    half, moved = torch.finfo(dtype).eps / 4, 0.0
    for _ in range(4):
        nearby = {
            name: tensor * (1 + half * (2 * torch.rand(tensor.shape, generator=draw, dtype=torch.float64) - 1))
            for name, tensor in asked.tensors.items()
        }
        found = replace(asked, tensors=nearby).ask(reference.run, torch.float64)
        moved = max(moved, error([tensor.to(dtype) for tensor in found], exact))
    return max(usual, 2 * moved, error(asked.ask(reference.run, dtype), exact))


def disagreement(case: Case, dtype: torch.dtype) -> float:
    """How far the engine, its memory full of NaN beforehand, is from the reference in float64."""
    asked = question(case, dtype)
    with poisoned(), mock.patch("recurra.kernels.cpu.passes._IN_CACHE", -1 if "outside" in case.options else 1 << 20):
        ours = asked.ask(engine.run, dtype)
    theirs = asked.ask(reference.run, torch.float64)
    if case.cell == RNN("relu") and dtype == torch.bfloat16:  # rounding decides which units are at zero
        ours, theirs = ours[:2], theirs[:2]
    return error(ours, theirs)


@contextmanager
def using(build: str) -> Iterator[None]:
    """One build of the engine, inside the `with`."""
    before = builds._engine.chosen_build()
    builds.choose_build(build)
    try:
        yield
    finally:
        builds.choose_build(before)


@contextmanager
def threads(number: int) -> Iterator[None]:
    """So many threads, inside the `with`."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextmanager
def poisoned() -> Iterator[None]:
    """Memory without values holds NaN, or the largest number of its type."""

    def full(make: Callable[..., Tensor]) -> Callable[..., Tensor]:
        def made(*args: Any, **kwargs: Any) -> Tensor:
            fresh = make(*args, **kwargs)
            return fresh.fill_(torch.nan if fresh.is_floating_point() else torch.iinfo(fresh.dtype).max)

        return made

    with ExitStack() as patches:
        patches.enter_context(mock.patch.object(workspace, "LARGE", 0))
        passes = importlib.import_module("recurra.kernels.cpu.passes")
        makers = (torch.Tensor, "new_empty"), (torch, "empty_like"), (torch, "empty"), (passes, "empty")
        for owner, name in makers:
            patches.enter_context(mock.patch.object(owner, name, full(getattr(owner, name))))
        yield
