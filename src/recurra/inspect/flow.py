"""The gradient's way through time: how much of it there is k steps back from the end of a sequence.

    gradient_k = |dL / dh_{T-k}|                                     all that arrives there, from every later loss
    carried_k  = |v . d h_T / d(h, c)_{T-k}| / |v|,   v = dL / dh_T  what the recurrence alone carries back

Both are Euclidean norms over the rows of a batch. `gradient` is what the optimiser gets to see. Where every step has a
loss of its own it stays large however little the recurrence carries; `carried` does not: it follows the gradient
that stands at the last step, through the whole state (h and c), and is 1 at k = 0. v is drawn at random where the loss
does not look at the last step.

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
from recurra.inspect.memory import Memory, memory_of
from recurra.inspect.recording import Passage, ran, recording

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LayerFlow:
    """One layer and direction: `gradient`, `cell` (the same for c; None without) and `carried` [T] by steps back."""

    layer: str
    gradient: Floats
    cell: Floats | None
    carried: Floats
    gates: tuple[GateUse, ...] = ()
    dead: float = 0.0

    @property
    def memory(self) -> Memory:
        """How far back the recurrence carries its gradient."""
        return memory_of(self.carried)


@dataclass(frozen=True, eq=False)
class Flow:
    """All layers of a model at one training step, and the loss there."""

    step: int
    loss: float
    layers: tuple[LayerFlow, ...]

    def frame(self) -> pd.DataFrame:
        """A row per layer and step back: step, layer, back, gradient, cell, carried."""
        return pd.concat([_frame(self.step, layer) for layer in self.layers], ignore_index=True)


def gradient_flow(model: nn.Module, loss_of: Callable[[], Tensor], *, step: int = 0) -> Flow:
    """Follow the gradient of one loss back through time, for every recurrent layer and direction of a model.

    model    any module with recurrent layers of Recurra or torch.nn, or torch.nn cells in a loop of its own
    loss_of  runs the model and gives its loss, a scalar
    step     the number under which the result is kept

    The layers are computed by the reference kernel, so that every option and PackedSequence is exact. Weights,
    gradients, buffers and torch's random state stay as they are. Raises InputError for a model without recurrent
    layers, a sequence of one step, and a loss that does not depend on what the layers give.

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
    return Flow(step, float(loss.detach()), tuple(layers))


def _check(loss: object) -> None:
    if isinstance(loss, Tensor) and loss.numel() == 1 and loss.requires_grad:
        return
    what = f"a {type(loss).__name__}"
    if isinstance(loss, Tensor):
        what = f"a tensor of shape {tuple(loss.shape)}" if loss.numel() != 1 else "a tensor without a gradient"
    raise InputError(f"loss_of gave {what}: expected a scalar tensor that depends on the output of the model")


def _layer_flow(passage: Passage, arrived: list[Tensor | None]) -> LayerFlow:
    """`arrived`: dL/dh, and dL/dc, of each step, one after the other; None for zeros."""
    rows, back, alive = passage.places()
    steps = [at.new for at in passage.steps]
    kinds = len(steps[0])
    device, longest = steps[0][0].device, int(back.max()) + 1
    rows, back, alive = rows.to(device), back.clamp(min=0).to(device), alive.to(device)

    def by_back(squares: Tensor) -> Tensor:
        """[N] -> [T], the sum over rows for each number of steps back."""
        empty = torch.zeros(longest, dtype=torch.float64, device=device)
        return empty.index_add_(0, back, torch.where(alive, squares, 0.0).double())

    def squares(gradients: Sequence[Tensor | None], kind: int) -> Tensor:
        """[N], the squared norm of each row's gradient."""
        return _together(gradients[kind::kinds], [states[kind] for states in steps]).square().sum(-1)

    v = _together(arrived[::kinds], [states[0] for states in steps]) * ((back == 0) & alive).unsqueeze(-1)
    if not bool((v != 0).any()):
        generator = torch.Generator().manual_seed(0)
        drawn = torch.randn(v.shape, generator=generator, dtype=torch.float64).to(v)
        v = drawn * ((back == 0) & alive).unsqueeze(-1)
    # The product and not `grad_outputs`, for which torch would load all of SymPy.
    ends = [
        (states[0] * part).sum()
        for states, part in zip(steps, v.split([len(states[0]) for states in steps]), strict=True)
        if bool((part != 0).any())
    ]
    every = [state for states in steps for state in states]
    carried = torch.autograd.grad(torch.stack(ends).sum(), every, retain_graph=True, allow_unused=True)
    start = torch.zeros(int(rows.max()) + 1, dtype=v.dtype, device=device).index_add_(0, rows, v.square().sum(-1))
    left = by_back(sum((squares(carried, kind) for kind in range(kinds)), torch.zeros((), device=device)))
    norms = [by_back(squares(arrived, kind)).sqrt().cpu().numpy() for kind in range(kinds)]
    share = (left / by_back(start[rows])).sqrt().cpu().numpy()
    return LayerFlow(passage.layer, norms[0], norms[1] if kinds > 1 else None, share, *gate_use(passage, alive))


def _together(gradients: Sequence[Tensor | None], states: Sequence[Tensor]) -> Tensor:
    """The gradients of all steps below each other [N, .]."""
    return torch.cat([torch.zeros_like(s) if g is None else g for g, s in zip(gradients, states, strict=True)])


def _frame(step: int, layer: LayerFlow) -> pd.DataFrame:
    cell = np.full(len(layer.gradient), np.nan) if layer.cell is None else layer.cell
    columns = dict(back=np.arange(len(layer.gradient)), gradient=layer.gradient, cell=cell, carried=layer.carried)
    return pd.DataFrame(dict(step=step, layer=layer.layer, **columns))
