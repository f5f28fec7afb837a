"""One step of training: loss, gradients, clipping, Adam. What surrounds the network costs little more than its calls.

    g = d loss / d w
    g = g / max(1, |g| / clip)
    w = Adam(w, g)

|g| is the Euclidean norm of all gradients together: Pascanu et al. (2013), "On the difficulty of training recurrent
neural networks".
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.autograd import Variable

from recurra.errors import InputError
from recurra.language import _
from recurra.training.adam import Adam, Moments
from recurra.training.flat import flatten
from recurra.training.replay import Replay
from recurra.training.sparse_adam import Rows, large_tables


class Stepper:
    """Trains `network` step by step on `loss(network, *batch)`, a scalar.

    `clip_norm` is the largest Euclidean norm of all gradients together, None for no limit. The parameters become
    views of one flat tensor, and so do their gradients; they keep their identity, and `state_dict`, `deepcopy` and
    pickling work as before. A parameter that the loss does not reach has a gradient of zero. Freeze parameters, and put
    others in their place (`load_state_dict(assign=True)`), before the stepper is made.

    With `replay` the operations of a step are recorded, once for each shape of batch, and from then on played without
    running the Python of `network` and `loss`, to the same bits: a third of a small network's time is saved. It is for
    networks that treat every batch of a shape alike. What their code decides by a number of its own, by an attribute
    that changes, or by Python's random numbers stays as it was when the record was made. (What it decides by the
    values of a tensor cannot be recorded; such steps stay plain, and `stepper.replay.refused` says why.)

    With `by_row` a large `nn.embedding.Embedding` is trained row by row: only those that a batch reads are moved, and
    decay. Their moments stand still in between, which changes the numbers a little and saves the work on all others.

    Raises `InputError` where there is nothing to train.

    >>> network = nn.Linear(4, 1)
    >>> def squared_error(network, x, y):
    ...     return nn.functional.mse_loss(network(x), y)
    >>> stepper = Stepper(network, squared_error, Adam(learning_rate=0.01))
    >>> x = torch.randn(32, 4)
    >>> losses = [float(stepper.step(x, x.sum(1, keepdim=True))) for _ in range(100)]
    >>> losses[-1] < losses[0]
    True
    """

    def __init__(
        self,
        network: nn.Module,
        loss: Callable[..., Tensor],
        adam: Adam | None = None,
        *,
        clip_norm: float | None = None,
        replay: bool = False,
        by_row: bool = False,
    ) -> None:
        if clip_norm is not None and not clip_norm > 0:
            raise InputError(_("clip_norm is {clip_norm}: expected a number above 0, or None", clip_norm=clip_norm))
        self._network, self._loss, self.adam, self.clip_norm = network, loss, adam or Adam(), clip_norm
        tables = large_tables(network) if by_row else []
        self.groups = flatten(network, without=[table.weight for table in tables])
        self.rows = [Rows(table) for table in tables]
        self.moments = [Moments(group) for group in self.groups]
        self.replay = self._replay() if replay else None

    @property
    def network(self) -> nn.Module:
        """What is trained."""
        return self._network

    @property
    def loss(self) -> Callable[..., Tensor]:
        """What is made small."""
        return self._loss

    def __getstate__(self) -> dict[str, Any]:
        """Without the records, which belong to the memory of these parameters."""
        return {**vars(self), "replay": self.replay is not None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self.replay = self._replay() if state["replay"] else None

    def step(self, *batch: Any, learning_rate: float | None = None) -> Tensor:
        """Learn from one batch; the loss before it, a scalar without a graph.

        `learning_rate` overrides that of `adam` for this step, for schedules. The mode of the network (training or
        evaluation) is left as it is.
        """
        loss = self.differentiate(*batch)
        self.update(learning_rate)
        return loss

    def differentiate(self, *batch: Any) -> Tensor:
        """The first half of a step: the loss of `batch`, and its gradients in `groups`."""
        for group in self.groups:
            group.hold()
        for rows in self.rows:
            rows.forget()
        return self._plain(*batch) if self.replay is None else self.replay(*batch)

    def _plain(self, *batch: Any) -> Tensor:
        for group in self.groups:
            group.gradient.zero_()
        loss = self.loss(self.network, *batch)
        if not isinstance(loss, Tensor) or loss.numel() != 1 or not loss.requires_grad:
            raise InputError(
                _("loss gave {loss}: expected a scalar tensor that depends on the parameters", loss=_described(loss))
            )
        _backward(loss)
        return loss.detach()

    def update(self, learning_rate: float | None = None) -> float | None:
        """The second half: clip the gradients and move the parameters; the norm before clipping, None without."""
        norm = None
        if self.clip_norm is not None:
            norm = self._norm()
            if norm > self.clip_norm:
                for gradient in self._gradients():
                    gradient.mul_(self.clip_norm / norm)
        rate = self.adam.learning_rate if learning_rate is None else learning_rate
        for moments in self.moments:
            moments.step(self.adam, rate)
        for rows in self.rows:
            rows.step(self.adam, rate)
        return norm

    def _replay(self) -> Replay | None:
        """Records of the steps, where a record can be made: on the CPU."""
        if any(not group.gradient.is_cpu for group in self.groups):
            return None
        parameters = [parameter for group in self.groups for parameter in group.parameters]
        parts = [part for group in self.groups for part in group.parts]
        return Replay(self.network, self.loss, parameters, parts, self._plain)

    def _norm(self) -> float:
        """The Euclidean norm of all gradients together."""
        return math.hypot(*(float(torch.linalg.vector_norm(gradient)) for gradient in self._gradients()))

    def _gradients(self) -> list[Tensor]:
        return [*(group.gradient for group in self.groups), *(g for rows in self.rows for g in rows.gradients())]

    def tensors(self) -> dict[str, Tensor]:
        """The optimiser's state by name, to be saved beside the network's `state_dict`; not copied."""
        return {f"{head}/{name}": v for head, part in self._parts().items() for name, v in part.tensors().items()}

    def restore(self, tensors: dict[str, Tensor]) -> None:
        """Go back to what `tensors` gave; `ModelFileError` where they belong to another network."""
        for head, part in self._parts().items():
            part.restore(
                {name.removeprefix(f"{head}/"): v for name, v in tensors.items() if name.startswith(f"{head}/")}
            )

    def _parts(self) -> dict[str, Moments | Rows]:
        parts: dict[str, Moments | Rows] = {str(k): moments for k, moments in enumerate(self.moments)}
        return parts | {f"rows {k}": rows for k, rows in enumerate(self.rows)}


def _backward(loss: Tensor) -> None:
    """`loss.backward()`, without the 16 us that its Python takes before the engine starts."""
    ones = torch.ones_like(loss)
    # outputs, their gradients, keep the graph, differentiable gradients, inputs: all leaves
    Variable._execution_engine.run_backward(
        (loss,), (ones,), False, False, (), allow_unreachable=True, accumulate_grad=True
    )


def _described(loss: object) -> str:
    if not isinstance(loss, Tensor):
        return f"a {type(loss).__name__}"
    if loss.numel() != 1:
        return f"a tensor of shape {tuple(loss.shape)}"
    return "a tensor without a gradient"
