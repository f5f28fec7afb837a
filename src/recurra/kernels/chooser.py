"""Which code runs a recurrence, and why: the one place where a backend is chosen.

cpu        our C++ engine                       float32, float64, bfloat16 on a CPU
torch      torch.nn's own forward               a plain layer where torch is faster, or that the engine cannot take
reference  a loop over the cell's step          a layer with options that the engine cannot take; any device, dtype
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from contextvars import ContextVar

import torch
from torch import _C, Tensor
from torch.autograd import forward_ad

from recurra.cells import GRU, RNN, Cell, Weights
from recurra.errors import InputError
from recurra.kernels import reference
from recurra.kernels.contract import SILENCE, Layout, Noise, Recurrence
from recurra.kernels.shapes import check_call

try:
    from recurra.kernels import cpu_builds, cpu_function
except ImportError as error:  # no compiler when this was installed, or a library of the engine's that does not load
    cpu_builds = cpu_function = None
    NO_ENGINE = f"the C++ engine is not there: {error}"
else:
    NO_ENGINE = ""

Run = Callable[
    [Recurrence, Tensor, Tensor | None, Tensor | None, tuple[Tensor, ...] | None, Weights, Layout, Noise],
    tuple[Tensor, tuple[Tensor, ...]],
]

CPU_DTYPES = frozenset({torch.float32, torch.float64, torch.bfloat16})
PLAIN_TYPES = frozenset({Tensor, torch.nn.Parameter})
BACKENDS = ("auto", "cpu", "torch", "reference")
# "unrolled" is the reference within a graph, "operator" and "recorded" come from their own files: none is counted.
KERNELS: dict[str, Run] = {"reference": reference.run, "unrolled": reference.run}
if cpu_function is not None:
    KERNELS["cpu"] = cpu_function.run

_forced: ContextVar[str] = ContextVar("recurra_backend", default="auto")
# Whether `kernels.recorded` stands in for the engine, whose calls a tracer of tensor operations does not see.
being_recorded: ContextVar[bool] = ContextVar("recurra_being_recorded", default=False)
_calls = {"cpu": 0, "torch": 0, "reference": 0}


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
        return hidden >= {1: 1, 3: 64, 4: 256}[cell.GATES]
    if dtype is torch.float64 or hidden < 256 or type(cell) is RNN:
        return False
    alone = threads > 1 and batch == 1
    if type(cell) is GRU:
        return not training and threads > 1 and batch <= 4 and hidden >= 448
    if training:
        return (alone and hidden >= 320) or (threads > 1 and 1 < batch <= 8 and 320 <= hidden < 768)
    return (alone and hidden >= 320) or batch >= 4


def why_not_cpu(cell: Cell, x: Tensor, weight: Tensor) -> str | None:
    """Why the engine cannot take this call; None where it can."""
    if NO_ENGINE:
        return NO_ENGINE
    if x.dtype not in CPU_DTYPES or not x.is_cpu or x.layout is not torch.strided:
        return f"the engine takes float32, float64 and bfloat16 on a CPU, and this is {x.dtype} on {x.device}"
    if type(x) not in PLAIN_TYPES or type(weight) not in PLAIN_TYPES:
        return f"a {type(x).__name__} and weights of type {type(weight).__name__} are not plain tensors"
    if type(cell) is RNN and type(cell.nonlinearity) is not str:
        return "the engine has no kernel for a callable as nonlinearity"
    if _C._are_functorch_transforms_active() or forward_ad._current_level >= 0:
        return "a transform of torch.func or forward-mode differentiation is active"
    if (_C._get_tracing_state() is not None or _C._len_torch_dispatch_stack()) and not being_recorded.get():
        return "torch is tracing or listening to every operation"
    return "the input is a view with a negated sign" if x.is_neg() else None


def choose(cell: Cell, x: Tensor, weight: Tensor, layout: Layout, *, plain: bool = False) -> str:
    """The backend for one layer: "cpu", "torch" or "reference".

    `x` its input in any shape, `weight` U [G*H, R]; `plain`: torch.nn has this layer too.
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
    reason = why_not_cpu(cell, x, weight)
    if reason is None:
        if plain and wanted == "auto" and layout.lengths is None:
            steps, batch, hidden = layout.steps, layout.batch, weight.shape[0] // cell.GATES
            projected = weight.shape[1] != hidden
            training = torch.is_grad_enabled() and (weight.requires_grad or x.requires_grad)
            threads = torch.get_num_threads()
            if not projected and torch_is_faster(cell, x.dtype, steps, batch, hidden, training, threads):
                return _torch()
        return "recorded" if being_recorded.get() else "cpu"
    if wanted == "cpu":
        raise InputError(f"backend is 'cpu', but {reason}. Take 'auto', 'reference' or 'torch'")
    return _torch() if plain else "reference"


def _for_a_graph(cell: Cell, x: Tensor, plain: bool) -> str:
    """The backend for a graph that torch.compile or torch.export records: "operator" is `kernels.operator`."""
    if type(cell) is RNN and type(cell.nonlinearity) is not str:
        return "unrolled"
    if plain and (NO_ENGINE or x.dtype not in CPU_DTYPES or not x.is_cpu):
        return "torch"
    return "operator"


def _torch() -> str:
    _calls["torch"] += 1
    return "torch"


def run(
    recurrence: Recurrence,
    x: Tensor,
    input_weight: Tensor | None,
    input_bias: Tensor | None,
    state: tuple[Tensor, ...] | None,
    weights: Weights,
    layout: Layout,
    noise: Noise = SILENCE,
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """All steps of one layer and direction by the backend of choice; shapes and meaning as in `kernels.contract`."""
    check_call(recurrence.cell, x, input_weight, state, weights, layout, noise, input_bias)
    if _forced.get() == "torch":
        raise InputError(
            "backend is 'torch', but this is no call of a layer of torch.nn's: expected a layer outside a graph. "
            "Take 'auto', 'cpu' or 'reference'"
        )
    name = choose(recurrence.cell, x, weights.recurrent, layout)
    return kernel(name, 1)(recurrence, x, input_weight, input_bias, state, weights, layout, noise)


def describe_kernels() -> dict[str, str]:
    """For each backend, in words: whether it runs and why."""
    return {
        "cpu": NO_ENGINE
        if NO_ENGINE or cpu_builds is None
        else f"used for float32, float64 and bfloat16 on a CPU; {cpu_builds.describe()}",
        "torch": "torch.nn's own forward, used "
        + ("for every plain layer" if NO_ENGINE else "where it is faster, and for plain layers on other devices"),
        "reference": "a loop over the cell's step; used for layers with options "
        + ("" if NO_ENGINE else "on other devices and dtypes, ")
        + "and as the oracle of the tests",
    }
