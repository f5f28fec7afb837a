"""The gradient's way through time, recorded while a model is trained, at a small share of the training's time."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np
import pandas as pd
from torch import Tensor, nn

from recurra.errors import InputError
from recurra.inspect.budget import Budget
from recurra.inspect.diagnosis import Finding, TrainingSigns
from recurra.inspect.flow import Flow, gradient_flow
from recurra.inspect.flow_plot import draw_flow
from recurra.inspect.layers import recurrent_layers
from recurra.inspect.memory import Memory
from recurra.inspect.watched import Watched, from_bytes, reason_of, to_bytes
from recurra.language import _

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SHARE = 0.04
_KEPT = 1000  # losses that stay tensors, so that a GPU is not waited for at every step
_MOST = 128  # looks that are kept; then every second one is, and they come half as often


class Board(Protocol):
    """What is needed of torch.utils.tensorboard.SummaryWriter."""

    def add_scalar(self, tag: str, scalar_value: float, global_step: int) -> Any: ...
    def add_figure(self, tag: str, figure: Any, global_step: int) -> Any: ...


class Watch:
    """Watches a model learn: now and then one batch more, for the way of its gradient through time.

    model      any module with recurrent layers of Recurra or torch.nn
    share      the most of the training's time that it may take
    clip_norm  where the training clips its gradients, for the diagnosis

    Call `step` once after every step of the training. A training too short for a look within its share has one at the
    end of the `with`. The weights come out the same to the bit as without, unless the model keeps a state as an
    attribute (see `gradient_flow`). A look that fails is skipped and never stops the training: `skipped` counts them
    by reason, such as a batch in which every sequence has one step. Raises InputError for a model without recurrent
    layers and a share that is none.

    >>> import torch
    >>> import recurra as rc
    >>> layer, x = rc.nn.GRU(3, 8), torch.randn(20, 4, 3)
    >>> optimizer = torch.optim.Adam(layer.parameters())
    >>> def loss_of():
    ...     return layer(x)[0][-1].square().mean()
    >>> with rc.inspect.watch(layer) as watch:
    ...     for _ in range(200):
    ...         optimizer.zero_grad()
    ...         loss = loss_of()
    ...         loss.backward()
    ...         _ = optimizer.step()
    ...         watch.step(loss_of, loss=loss)
    >>> sorted(watch.memory())
    ['GRU']
    """

    def __init__(self, model: nn.Module, *, share: float = SHARE, clip_norm: float | None = None) -> None:
        if not 0 < share < 1:
            raise InputError(
                _("share is {share}: expected the share of the training's time, above 0 and below 1", share=share)
            )
        self._recurrent = list(recurrent_layers(model).values())
        self.model, self.clip_norm = model, clip_norm
        self.flows: list[Flow] = []
        self.skipped: dict[str, int] = {}
        self.budget = Budget(share)
        self.steps = 0
        self._every, self._logged = 1, -1
        self._losses: list[float | Tensor] = []
        self._norms: list[float | Tensor] = []
        self._moved: list[float] = []
        self._before: list[Tensor] = []
        self._latest: Callable[[], Tensor] | None = None

    def __enter__(self) -> Watch:
        return self

    def __exit__(self, *failure: object) -> None:
        latest, self._latest = self._latest, None
        if latest is not None and not self.flows and failure[:1] in ((), (None,)):
            self._try(latest)
        self._before = []

    def step(
        self,
        loss_of: Callable[[], Tensor],
        *,
        loss: Tensor | float | None = None,
        gradient_norm: Tensor | float | None = None,
    ) -> None:
        """A step of the training is over.

        `loss_of` runs the model on a batch and gives its loss; it is called where there is time for a look, and must
        change nothing but the model. `loss` is the training loss of this step, `gradient_norm` the norm of all
        gradients before clipping: with them the diagnosis knows more.
        """
        allowed = self.budget.allows()
        self._latest = None if self.flows else loss_of
        self.steps += 1
        for values, value in ((self._losses, loss), (self._norms, gradient_norm)):
            if value is not None:
                values.append(value.detach() if isinstance(value, Tensor) else float(value))
                if len(values) % _KEPT == 0:
                    values[-_KEPT:] = [float(each) for each in values[-_KEPT:]]
        if self._before:
            self._moved.append(self._movement())
            self._before = []
        if allowed and self.steps % self._every == 0:
            self._try(loss_of)

    def _try(self, loss_of: Callable[[], Tensor]) -> None:
        """A look where one can be had; the training goes on in any case."""
        try:
            self.look(loss_of)
        except Exception as error:  # noqa: BLE001  # whatever it is: this is a diagnostic
            reason = reason_of(error)
            self.skipped[reason] = self.skipped.get(reason, 0) + 1

    def look(self, loss_of: Callable[[], Tensor]) -> Flow:
        """Look now, whatever it costs; the result is recorded, and an error raised."""
        with self.budget.spending():
            flow = gradient_flow(self.model, loss_of, step=self.steps)
            self._before = [weight.detach().clone() for weight in self._weights()]
            if len(self.flows) == _MOST:
                self.flows, self._every = self.flows[1::2], 2 * self._every
            self.flows.append(flow)
        return flow

    def watched(self) -> Watched:
        """All that was recorded until now."""
        norms, moved = _numbers(self._norms), np.array(self._moved)
        signs = TrainingSigns(_numbers(self._losses), norms, moved, self.clip_norm)
        if not self._losses:  # those of the looks are better than none
            steps = np.array([flow.step for flow in self.flows], dtype=np.float64)
            signs = TrainingSigns(np.array([flow.loss for flow in self.flows]), norms, moved, self.clip_norm, steps)
        return Watched(tuple(self.flows), signs, self.steps, self._every, self._logged, dict(self.skipped))

    def frame(self) -> pd.DataFrame:
        """A row per look, layer and step back: step, layer, back, gradient, cell, carried (see `gradient_flow`)."""
        return self.watched().frame()

    def memory(self) -> dict[str, Memory]:
        """The effective memory of each layer at the last look."""
        return self.watched().memory()

    def diagnose(self) -> list[Finding]:
        """What is wrong, in words, with a cure; nothing where nothing is, or nothing could be seen (`skipped`)."""
        return self.watched().diagnose()

    def plot(self, what: Literal["gradient", "carried"] = "gradient") -> Figure:
        """The picture of `draw_flow`."""
        if why := self.watched().why_nothing:
            raise InputError(
                _("there is nothing to draw, because the gradient could not be followed at any step: {why}", why=why)
            )
        return draw_flow(self.flows, what=what)

    def log(self, board: Board, *, picture: bool = True) -> None:
        """Write what is new to TensorBoard: memory and norms as curves, the whole as a picture.

        The picture takes about a second: while a training goes on, do without it until its end.
        """
        with self.budget.charging():
            self._log(board, picture)

    def _log(self, board: Board, picture: bool) -> None:
        new = [flow for flow in self.flows if flow.step > self._logged]
        for flow in new:
            for layer in flow.layers:
                board.add_scalar(f"effective memory/{layer.layer}", layer.memory.steps, flow.step)
                for back in _backs(len(layer.gradient)):
                    norm = float(layer.gradient[back])
                    board.add_scalar(f"gradient {layer.layer}/{back} steps back", norm, flow.step)
        if new:
            self._logged = new[-1].step
        if picture and self.flows:
            board.add_figure("gradient through time", draw_flow(self.flows), self._logged)

    def state(self) -> Tensor:
        """All that was recorded, as bytes, to be kept beside a checkpoint."""
        return to_bytes(self.watched())

    def restore(self, state: Tensor) -> None:
        """Go on from what `state` gave."""
        watched = from_bytes(state)
        self.flows = list(watched.flows)
        self._losses = [] if len(watched.signs.steps) else watched.signs.losses.tolist()
        self._norms, self._moved = watched.signs.norms.tolist(), watched.signs.moved.tolist()
        self.steps, self._every, self._logged = watched.steps, watched.every, watched.logged
        self.skipped = dict(watched.skipped)

    def _weights(self) -> list[Tensor]:
        return [
            parameter
            for layer in self._recurrent
            for name, parameter in layer.named_parameters(recurse=False)
            if parameter.requires_grad and parameter.dim() > 1
        ]

    def _movement(self) -> float:
        """|w - w_before| / |w_before| of the layer's matrix that moved most in one step."""
        now = self._weights()
        if [weight.shape for weight in now] != [old.shape for old in self._before]:
            return 0.0  # weights were frozen or replaced meanwhile
        pairs = zip(now, self._before, strict=True)
        ratios = [float((now.detach() - old).norm() / old.norm().clamp(min=1e-12)) for now, old in pairs]
        return max(ratios, default=0.0)


def watch(model: nn.Module, *, share: float = SHARE, clip_norm: float | None = None) -> Watch:
    """Watch a model learn: see `Watch`."""
    return Watch(model, share=share, clip_norm=clip_norm)


def _numbers(values: list[float | Tensor]) -> np.ndarray:
    tensors = [value for value in values if isinstance(value, Tensor)]
    if tensors:
        values[:] = [float(value) for value in values]
    return np.array(values, dtype=np.float64)


def _backs(length: int) -> list[int]:
    """0, 1, 2, 4, 8, ... and the last."""
    powers = [2**k for k in range(int(math.log2(length)) + 1) if 2**k < length - 1] if length > 1 else []
    return sorted({0, *powers, length - 1})
