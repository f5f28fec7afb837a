"""Learning to forecast: the windows of a panel as numbered examples, and the loss on them."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from recurra.data.panel.panel import Panel
from recurra.data.panel.windows import WindowBatch, WindowReader, batches, naive_count
from recurra.nn.forecast import ForecastNetwork, Inputs, NetworkOptions
from recurra.nn.quantiles import pinball_loss
from recurra.tasks.forecast.plan import Split

_BATCH = 1024


class ForecastProblem:
    """The `training.Problem` of a forecaster: pinball loss in each window's own scale.

    Validation weighs each window back to its series' own typical change, so that the figure is comparable between
    windows of different lengths.
    """

    lengths = None  # all windows are equally long

    def __init__(self, network: nn.Module, reader: WindowReader, split: Split, device: torch.device) -> None:
        self.network, self.reader, self.split, self.device = network.to(device), reader, split, device
        self.examples = split.training.total
        self._held_out: list[WindowBatch] | None = None

    def batch(self, numbers: Tensor) -> WindowBatch:
        """The training windows `numbers` [B]."""
        return self.reader.read(*self.split.training.locate(numbers)).to(self.device)

    def loss(self, network: nn.Module, batch: WindowBatch) -> Tensor:
        """Mean pinball loss in z."""
        return pinball_loss(network(batch), batch.truth)

    def validate(self, network: nn.Module) -> float:
        """Mean pinball loss on the held-out origins, in typical changes of each series; NaN where there are none."""
        if self._held_out is None:
            pairs = batches(self.split.held_out_series, self.split.held_out_origins, _BATCH)
            self._held_out = [self.reader.read(*pair).to(self.device) for pair in pairs]
        total, count = 0.0, 0.0
        for batch in self._held_out:
            known = float(torch.isfinite(batch.truth).sum())
            total += known * float(pinball_loss(network(batch), batch.truth, batch.importance))
            count += known
        return total / count if count else math.nan


def build_network(
    panel: Panel, reader: WindowReader, split: Split, cell: str, options: NetworkOptions
) -> ForecastNetwork:
    """A fresh network for windows of `panel`, drawn from torch's global generator."""
    shape, schema = reader.shape, panel.schema
    last = split.training.total - 1
    sample = torch.linspace(0, last, min(_BATCH, last + 1)).long().clamp(max=last)  # beyond 2**24 it rounds up
    batch = reader.read(*split.training.locate(sample))
    error = (batch.naive - batch.truth.unsqueeze(-1)).abs()
    known = torch.isfinite(error)
    naive_loss = torch.where(known, error, 0.0).sum((0, 1)) / known.sum((0, 1)).clamp(min=1)

    def sizes(columns: tuple[str, ...]) -> tuple[int, ...]:
        return tuple(len(schema.categories[column]) for column in columns)

    inputs = Inputs(
        block=shape.block,
        horizon=shape.horizon,
        naive=naive_count(shape.seasons),
        past=panel.past.shape[1],
        past_gaps=int(reader.scaling.past_gaps.sum()),
        calendar=len(reader.calendar_names),
        known=panel.known.shape[1],
        static=panel.static.shape[1],
        past_categories=sizes(schema.past_categorical),
        known_categories=sizes(schema.known_categorical),
        static_categories=sizes(schema.static_categorical),
        series=len(reader.scaling.series),
    )
    return ForecastNetwork(inputs, cell, options, naive_loss)
