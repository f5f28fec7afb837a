"""Learning to forecast: the windows of a panel as numbered examples, and the loss on them."""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor, nn

from recurra.data.panel.calendar import calendar_names
from recurra.data.panel.panel import Panel
from recurra.data.panel.scaling import Scaling
from recurra.data.panel.windows import WindowBatch, WindowReader, WindowShape, batches, naive_count
from recurra.nn.forecast import ForecastNetwork, Inputs, NetworkOptions
from recurra.nn.own import Loss, OwnNetwork, checked_loss, own_network
from recurra.nn.quantiles import QUANTILES, pinball_loss
from recurra.tasks.forecast.plan import Split

_BATCH = 1024


class ForecastProblem:
    """The `training.Problem` of a forecaster: pinball loss in each window's own scale.

    Validation weighs each window back to its series' own typical change, so that the figure is comparable between
    windows of different lengths.
    """

    lengths = None  # all windows are equally long

    def __init__(
        self,
        network: nn.Module,
        reader: WindowReader,
        split: Split,
        device: torch.device,
        loss: Loss | None = None,
    ) -> None:
        """`loss` of quantiles [B, H, Q] and truth [B, H] takes the place of the pinball loss."""
        self.own_loss = loss
        self.network, self.reader, self.split, self.device = network.to(device), reader, split, device
        self.examples = split.training.total
        self._held_out: list[WindowBatch] | None = None

    def batch(self, numbers: Tensor) -> WindowBatch:
        """The training windows `numbers` [B]."""
        return self.reader.read(*self.split.training.locate(numbers)).to(self.device)

    def loss(self, network: nn.Module, batch: WindowBatch) -> Tensor:
        """Mean pinball loss in z, or the user's own."""
        if self.own_loss is not None:
            return checked_loss(self.own_loss(network(batch)[0], batch.truth), self.own_loss)
        return pinball_loss(network(batch)[0], batch.truth)

    def validate(self, network: nn.Module) -> float:
        """Mean pinball loss on the held-out origins, in typical changes of each series; NaN where there are none."""
        if self._held_out is None:
            pairs = batches(self.split.held_out_series, self.split.held_out_origins, _BATCH)
            self._held_out = [self.reader.read(*pair).to(self.device) for pair in pairs]
        total, count = 0.0, 0.0
        for batch in self._held_out:
            known = float(torch.isfinite(batch.truth).sum())
            if self.own_loss is not None:
                total += known * float(self.loss(network, batch))
            else:
                total += known * float(pinball_loss(network(batch)[0], batch.truth, batch.importance))
            count += known
        return total / count if count else math.nan


def inputs_of(panel: Panel, shape: WindowShape, scaling: Scaling) -> Inputs:
    """How wide each part of a window of `panel` is."""
    schema = panel.schema

    def sizes(columns: tuple[str, ...]) -> tuple[int, ...]:
        return tuple(len(schema.categories[column]) for column in columns)

    return Inputs(
        block=shape.block,
        horizon=shape.horizon,
        naive=naive_count(shape.seasons),
        past=len(schema.past),
        past_gaps=int(scaling.past_gaps.sum()),
        calendar=len(calendar_names(schema, panel.grid)),
        known=len(schema.known),
        static=len(schema.static),
        past_categories=sizes(schema.past_categorical),
        known_categories=sizes(schema.known_categorical),
        static_categories=sizes(schema.static_categorical),
        series=len(scaling.series),
    )


def own_forecast_network(factory: Callable[..., nn.Module], inputs: Inputs) -> OwnNetwork:
    """The network that a factory of the user's makes for windows with these parts."""
    network = own_network(factory, inputs, shape="[B, H, Q]", last=len(QUANTILES))
    network.inputs = inputs
    return network


def build_network(
    panel: Panel,
    reader: WindowReader,
    split: Split,
    cell: str,
    options: NetworkOptions,
    factory: Callable[..., nn.Module] | None = None,
) -> ForecastNetwork | OwnNetwork:
    """A fresh network for windows of `panel`, drawn from torch's global generator; `factory` makes the user's own."""
    last = split.training.total - 1
    sample = torch.linspace(0, last, min(_BATCH, last + 1)).long().clamp(max=last)  # beyond 2**24 it rounds up
    batch = reader.read(*split.training.locate(sample))
    error = (batch.naive - batch.truth.unsqueeze(-1)).abs()
    known = torch.isfinite(error)
    naive_loss = torch.where(known, error, 0.0).sum((0, 1)) / known.sum((0, 1)).clamp(min=1)
    inputs = inputs_of(panel, reader.shape, reader.scaling)
    if factory is not None:
        return own_forecast_network(factory, inputs)
    return ForecastNetwork(inputs, cell, options, naive_loss)
