"""Which backend runs a recurrence, and why: the one place where that is chosen.

cpu        our C++ engine                       float32, float64, bfloat16 on a CPU, for the cells that it knows
torch      torch.nn's own forward               a plain layer where torch is faster, or that the engine cannot take
reference  a loop over the cell's step          what the engine cannot take; any cell, device and dtype
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextvars import ContextVar
from functools import partial

import torch
from torch import Tensor

from recurra.cells import Cell
from recurra.errors import InputError, OutdatedEngineError
from recurra.kernels import function, reference
from recurra.kernels.contract import Backend, Call, Layout, Run, being_recorded
from recurra.kernels.packing import Ran
from recurra.kernels.pairs import worthwhile
from recurra.kernels.shapes import check_call

try:
    from recurra.kernels.cpu import builds
    from recurra.kernels.cpu.backend import DTYPES, ENGINE
except OutdatedEngineError:  # which the slow reference would hide
    raise
except ImportError as error:  # no compiler when this was installed, or a library of the engine's that does not load
    builds = ENGINE = None
    DTYPES: frozenset[torch.dtype] = frozenset()
    NO_ENGINE = f"the C++ engine is not there: {error}"
else:
    NO_ENGINE = ""

# What takes a call before the reference does: the first that can. A GPU's backend would be a folder, and a line here.
PREFERRED: dict[str, Backend | None] = {"cpu": ENGINE}
BACKENDS = ("auto", *PREFERRED, "torch", "reference")
# "unrolled" is the reference within a graph, "operator" and "recorded" come from their own files: none is counted.
KERNELS: dict[str, Run] = {
    "reference": reference.run,
    "unrolled": reference.run,
    **{name: partial(function.run, each) for name, each in PREFERRED.items() if each is not None},
}

_forced: ContextVar[str] = ContextVar("recurra_backend", default="auto")
_calls = dict.fromkeys((*PREFERRED, "torch", "reference"), 0)


@contextlib.contextmanager
def backend(name: str) -> Iterator[None]:
    """Force a backend for every recurrent layer of Recurra, in this thread and inside the `with`.

    `name`: "cpu" (the C++ engine), "torch" (torch.nn's own forward), "reference" (a loop over the cell's step), or
    "auto", which chooses by what is there, dtype, device and shape.

    Raises InputError for another name, and where a layer is called that the forced backend cannot run.

    >>> import recurra as rc
    >>> with rc.backend("reference"):
    ...     outputs, h = rc.nn.GRU(3, 5)(torch.randn(7, 2, 3))
    """
    if name not in BACKENDS:
        raise InputError(f"backend is {name!r}: expected one of {', '.join(BACKENDS)}")
    if name == "cpu" and NO_ENGINE:
        raise InputError(f"backend is 'cpu', but {NO_ENGINE}. Take 'auto', or install Recurra where a compiler is")
    token = _forced.set(name)
    try:
        yield
    finally:
        _forced.reset(token)


def forced() -> str:
    """The backend forced here, or "auto"."""
    return _forced.get()


def calls() -> dict[str, int]:
    """How often each backend has run in this process: per layer and direction; for torch, per call of a module."""
    return dict(_calls)


def kernel(name: str, runs: int) -> Run:
    """The `run` of a backend that `choose` has named, which is going to be called `runs` times."""
    if name in _calls:
        _calls[name] += runs
    return KERNELS[name]


def both(name: str, forth: Call, back: Call) -> tuple[Ran, Ran] | None:
    """Both directions of a layer at once by a backend that `choose` has named; None where that does not pay."""
    engine = PREFERRED.get(name)
    return None if engine is None or not worthwhile(forth) else function.run_both(engine, forth, back)


def torch_is_faster(
    cell: Cell, dtype: torch.dtype, steps: int, batch: int, hidden: int, training: bool, threads: int
) -> bool:
    """Whether torch's own forward wins for a plain layer of this shape, without a projection, over rows of one length.

    By measurement, never by guess: with two threads and 2 MB of second-level cache each (docs/log.md). Where U fits no
    cache and the rows are few, torch's threads share the gates, each with its part of U in its own cache; ours share
    rows. A large LSTM without gradients is oneDNN's best case. A single step of a single row is over before our packing
    of U pays.
    """
    if steps * batch == 1 and not training and dtype is torch.float32:
        return hidden >= {1: 1, 3: 64, 4: 256}[cell.blocks]
    if dtype is torch.float64 or hidden < 256 or cell.name == "rnn":
        return False
    alone = threads > 1 and batch == 1
    if cell.name == "gru":
        return not training and threads > 1 and batch <= 4 and hidden >= 448
    if training:
        return (alone and hidden >= 320) or (threads > 1 and 1 < batch <= 8 and 320 <= hidden < 768)
    return (alone and hidden >= 320) or batch >= 4


def why_not(name: str, cell: Cell, x: Tensor, weight: Tensor) -> str | None:
    """Why a backend of `PREFERRED` cannot take calls of a cell on such tensors; None where it can."""
    if name == "cpu" and NO_ENGINE:
        return NO_ENGINE
    backend = PREFERRED[name]
    return f"there is no {name}" if backend is None else backend.why_not(cell, x, weight)


def choose(cell: Cell, x: Tensor, weight: Tensor, layout: Layout, *, plain: bool = False) -> str:
    """The backend for one layer: "cpu", "torch" or "reference".

    `x` its input in any shape, `weight` U [G*H, R], or another of its weights where it has no U; `plain`: torch.nn has
    this layer too.
    Raises InputError where the backend that is forced cannot run it.
    """
    if torch.compiler.is_compiling():
        return _for_a_graph(cell, x, plain)
    wanted = _forced.get()
    if wanted == "reference":
        return wanted
    if wanted == "torch":
        if not plain:
            raise InputError(
                "backend is 'torch', but torch.nn has no such layer: expected one without regularisation, layer norm, "
                "peepholes or another form of the cell. Take 'auto', 'cpu' or 'reference'"
            )
        return _torch()
    for name in PREFERRED:
        if wanted not in (name, "auto"):
            continue
        reason = why_not(name, cell, x, weight)
        if reason is None:
            if plain and wanted == "auto" and _torch_is_faster(cell, x, weight, layout):
                return _torch()
            return "recorded" if being_recorded.get() else name
        if wanted == name:
            raise InputError(f"backend is {name!r}, but {reason}. Take 'auto', 'reference' or 'torch'")
    return _torch() if plain else "reference"


def _torch_is_faster(cell: Cell, x: Tensor, weight: Tensor, layout: Layout) -> bool:
    hidden = weight.shape[0] // cell.blocks
    if layout.lengths is not None or weight.shape[1] != hidden:
        return False
    training = torch.is_grad_enabled() and (weight.requires_grad or x.requires_grad)
    threads = torch.get_num_threads()
    return torch_is_faster(cell, x.dtype, layout.steps, layout.batch, hidden, training, threads)


def _for_a_graph(cell: Cell, x: Tensor, plain: bool) -> str:
    """The backend for a graph that torch.compile or torch.export records: "operator" is `kernels.operator`."""
    if not cell.variant:  # a callable of somebody's own, which no name stands for
        return "unrolled"
    if plain and (NO_ENGINE or x.dtype not in DTYPES or not x.is_cpu):
        return "torch"
    return "operator"


def _torch() -> str:
    _calls["torch"] += 1
    return "torch"


def run(call: Call) -> tuple[Tensor, tuple[Tensor, ...]]:
    """All steps of one layer and direction by the backend of choice: outputs [N, R], and the last state."""
    check_call(call)
    if _forced.get() == "torch":
        raise InputError(
            "backend is 'torch', but this is no call of a layer of torch.nn's: expected a layer outside a graph. "
            "Take 'auto', 'cpu' or 'reference'"
        )
    weight = call.weights.recurrent if call.weights.recurrent is not None else call.x
    return kernel(choose(call.recurrence.cell, call.x, weight, call.layout), 1)(call)


def describe_kernels() -> dict[str, str]:
    """For each backend, in words: whether it runs and why."""
    return {
        "cpu": NO_ENGINE
        if NO_ENGINE or builds is None
        else f"used for float32, float64 and bfloat16 on a CPU; {builds.describe()}",
        "torch": "torch.nn's own forward, used "
        + ("for every plain layer" if NO_ENGINE else "where it is faster, and for plain layers on other devices"),
        "reference": "a loop over the cell's step; used for cells without a kernel, for layers with options "
        + ("" if NO_ENGINE else "on other devices and dtypes, ")
        + "and as the oracle of the tests",
    }
