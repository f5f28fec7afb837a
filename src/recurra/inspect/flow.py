"""The gradient's way through time: how much of it there is k steps back from the end of a sequence.

    gradient_k = |dL / dh_{T-k}|                                     all that arrives there, from every later loss
    carried_k  = |v . d h_T / d(h, c)_{T-k}| / |v|,   v = dL / dh_T  what the recurrence alone carries back

Both are Euclidean norms over the rows of a batch. `gradient` is what the optimiser gets to see. Where every step has a
loss of its own it stays large however little the recurrence carries; `carried` does not: it follows the gradient
that stands at the last step, through the whole state (h and c), and is 1 at k = 0. v is drawn at random for the rows
at whose last step the loss does not look.

h and c are told apart: the gradient of c is that of its own path (c_{t+1} = f c_t + ...), with h_t held; what goes
through h_t = o tanh(c_t) is in the gradient of h.

Bengio et al. (1994), "Learning long-term dependencies with gradient descent is difficult"; Pascanu et al. (2013), "On
the difficulty of training recurrent neural networks".
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch
from torch import Tensor, nn

from recurra.errors import InputError
from recurra.inspect.gates import GateUse, gate_use
from recurra.inspect.layers import not_inspected
from recurra.inspect.memory import Memory, memory_of
from recurra.inspect.recording import Passage, ran, recording

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LayerFlow:
    """One layer and direction: `gradient`, `cell` and `carried` [T] by steps back.

    `cell` is for c, by its own path and not through h_t (None without); `reverse` a direction from the end;
    `first_only` says that the loss reads it only where each row has seen one step.
    """

    layer: str
    gradient: Floats
    cell: Floats | None
    carried: Floats
    gates: tuple[GateUse, ...] = ()
    dead: float = 0.0
    reverse: bool = False
    first_only: bool = False

    @property
    def memory(self) -> Memory:
        """How far back the recurrence carries its gradient."""
        return memory_of(self.carried)


@dataclass(frozen=True, eq=False)
class Flow:
    """All layers of a model at one training step, and the loss there.

    `left_out` names what has no way through time that could be followed: calls of one step beside longer ones, and
    layers whose computation is not known, such as subclasses of torch.nn's.
    """

    step: int
    loss: float
    layers: tuple[LayerFlow, ...]
    left_out: tuple[str, ...] = ()

    def frame(self) -> pd.DataFrame:
        """A row per layer and step back: step, layer, back, gradient, cell, carried."""
        return pd.concat([_frame(self.step, layer) for layer in self.layers], ignore_index=True)


def gradient_flow(model: nn.Module, loss_of: Callable[[], Tensor], *, step: int = 0) -> Flow:
    """Follow the gradient of one loss back through time, for every recurrent layer and direction of a model.

    model    any module with recurrent layers of Recurra or torch.nn, or torch.nn cells in a loop of its own
    loss_of  runs the model and gives its loss, a scalar
    step     the number under which the result is kept

    The layers are computed by the reference kernel, so that every option and PackedSequence is exact. Weights,
    gradients, buffers and random generators (torch, NumPy, Python) stay as they are; a state that the model keeps as an
    attribute goes on. loss_of must not call backward. Raises InputError for a model without
    recurrent layers, a sequence of one step, and a loss that does not depend on what the layers give.

    >>> import torch
    >>> import recurra as rc
    >>> layer, x = torch.nn.LSTM(3, 8), torch.randn(20, 4, 3)
    >>> flow = rc.inspect.gradient_flow(layer, lambda: layer(x)[0][-1].square().mean())
    >>> flow.layers[0].gradient.shape, flow.layers[0].memory.steps < 20
    ((20,), True)
    """
    with recording(model) as recorder, torch.enable_grad():
        loss = loss_of()
        passages = ran(recorder, "loss_of")
        _check(loss)
        states = [state for passage in passages for at in passage.steps for state in at.new]
        gradients: list[Tensor | None] = list(torch.autograd.grad(loss, states, retain_graph=True, allow_unused=True))
        if all(gradient is None for gradient in gradients):
            raise InputError(
                "the loss does not depend on what the recurrent layers give: expected loss_of to use their output "
                "without detach() or torch.no_grad()"
            )
        layers = []
        for passage in passages:
            count = len(passage.steps) * len(passage.steps[0].new)
            layers.append(_layer_flow(passage, gradients[:count]))
            del gradients[:count]
    single = [passage.layer for passage in recorder.passages if passage not in passages]
    return Flow(step, float(loss.detach()), tuple(layers), (*single, *not_inspected(model)))


def _check(loss: object) -> None:
    if isinstance(loss, Tensor) and loss.numel() == 1 and loss.requires_grad:
        return
    what = f"a {type(loss).__name__}"
    if isinstance(loss, Tensor):
        what = f"a tensor of shape {tuple(loss.shape)}" if loss.numel() != 1 else "a tensor without a gradient"
    raise InputError(f"loss_of gave {what}: expected a scalar tensor that depends on the output of the model")


def _layer_flow(passage: Passage, arrived: list[Tensor | None]) -> LayerFlow:
    """`arrived`: dL/dh, and dL/dc, of each step, one after the other; None for zeros."""
    states = [at.new for at in passage.steps]
    kinds = len(states[0])
    rows, back, alive = passage.places()
    back = back.clamp(min=0)
    squares = [_squares(arrived[k::kinds], [at[k] for at in states]) for k in range(kinds)]
    norms = [_by_back(each, back, alive).sqrt().numpy() for each in squares]

    v = _at_the_end(_together(arrived[::kinds], [at[0] for at in states]), (back == 0) & alive)
    start = _by_back(v.cpu().double().square().sum(-1), rows, alive)
    left = _by_back(_carried(states, v), back, alive)
    share = (left / _by_back(start[rows], back, alive)).sqrt().numpy()

    reached = (squares[0] != 0) & alive
    length = passage.lengths()[rows]
    first = (back == length - 1) & (length > 1)
    return LayerFlow(
        passage.layer,
        norms[0],
        norms[1] if kinds > 1 else None,
        share,
        *gate_use(passage, alive),
        reverse=passage.recurrence.reverse,
        first_only=bool((reached & first).any()) and not bool((reached & ~first & (length > 1)).any()),
    )


def _by_back(squares: Tensor, places: Tensor, alive: Tensor) -> Tensor:
    """[N] -> float64, the sum at each of the places, such as the number of steps back."""
    empty = torch.zeros(int(places.max()) + 1, dtype=torch.float64)
    return empty.index_add_(0, places, torch.where(alive, squares, 0.0))


def _carried(states: list[tuple[Tensor, ...]], v: Tensor) -> Tensor:
    """[N], the squared norm of v . d h_T / d(h, c) at every step."""
    # The product and not `grad_outputs`, for which torch would load all of SymPy.
    ends = [
        (at[0] * part).sum()
        for at, part in zip(states, v.split([len(at[0]) for at in states]), strict=True)
        if bool((part != 0).any())
    ]
    every = [state for at in states for state in at]
    found = torch.autograd.grad(torch.stack(ends).sum(), every, retain_graph=True, allow_unused=True)
    kinds = len(states[0])
    parts = [_squares(found[k::kinds], [at[k] for at in states]) for k in range(kinds)]
    return torch.stack(parts).sum(0)


def _at_the_end(arrived: Tensor, last: Tensor) -> Tensor:
    """v [N, .]: what arrived at each row's end, drawn where that is nothing; the largest row has a norm of 1.

    `carried` does not depend on the size of v, and a loss of any size leaves it in the range of every dtype.
    """
    ends = torch.where(last.unsqueeze(-1), arrived.cpu().double(), 0.0)
    size = ends.abs().amax(-1)  # the norm of what is smaller than 1e-154 would be 0
    largest = size.max() if bool((size > 0).any()) else torch.ones((), dtype=torch.float64)
    ends = ends / largest
    mute = last & (size <= largest * torch.finfo(arrived.dtype).tiny)
    if bool(mute.any()):
        drawn = torch.randn(ends.shape, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
        ends = torch.where(mute.unsqueeze(-1), drawn / drawn.norm(dim=-1, keepdim=True), ends)
    return (ends / ends.norm(dim=-1).max()).to(arrived)


def _squares(gradients: Sequence[Tensor | None], states: Sequence[Tensor]) -> Tensor:
    """[N], the squared norm of each row's gradient in float64, which neither overflows nor is lacking on the CPU."""
    return _together(gradients, states).cpu().double().square().sum(-1)


def _together(gradients: Sequence[Tensor | None], states: Sequence[Tensor]) -> Tensor:
    """The gradients of all steps below each other [N, .]."""
    return torch.cat([torch.zeros_like(s) if g is None else g for g, s in zip(gradients, states, strict=True)])


def _frame(step: int, layer: LayerFlow) -> pd.DataFrame:
    cell = np.full(len(layer.gradient), np.nan) if layer.cell is None else layer.cell
    columns = dict(back=np.arange(len(layer.gradient)), gradient=layer.gradient, cell=cell, carried=layer.carried)
    return pd.DataFrame(dict(step=step, layer=layer.layer, **columns))
