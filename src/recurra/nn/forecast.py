"""The forecasting network: blocks of time steps through a recurrence, then all steps of the horizon at once.

    x_k   = [z, mask, past covariates, known covariates, embeddings] of block k         one season of steps
    h     = last output of RNN / LSTM / GRU over x_1 ... x_K
    c_t   = W_t [h, static] + V known_t                                                 one context per step ahead
    naive = sum_n softmax(a_t)_n naive_n                                                last value and last seasons
    q_t   = naive_t + head(GELU(c_t))                                                   quantiles that cannot cross

Direct multi-horizon quantiles as in Wen et al. (2017), "A multi-horizon quantile recurrent forecaster"; the level
and scale of each window removed and the network correcting a naive forecast as in Smyl (2020), "A hybrid method of
exponential smoothing and recurrent neural networks for time series forecasting".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple, Protocol

import torch
from torch import Tensor, nn
from torch.nn import functional

from recurra.language import _
from recurra.nn.cell_layer import layer_of
from recurra.nn.embedding import Embeddings
from recurra.nn.network import Network
from recurra.nn.quantiles import QuantileOutput
from recurra.nn.sizes import check_shares, check_whole


@dataclass(frozen=True)
class NetworkOptions:
    """The size of the network: hidden units, stacked layers, features per step ahead, dropout, series embedding."""

    hidden: int = 128
    layers: int = 1
    context: int = 32
    dropout: float = 0.0
    series_embedding: int = 0

    def __post_init__(self) -> None:
        check_whole(self, hidden=1, layers=1, context=1, series_embedding=0)
        check_shares(self, "dropout")


@dataclass(frozen=True)
class Inputs:
    """How wide each part of a window is; categories by number of values (0, the unknown one, not counted)."""

    block: int
    horizon: int
    naive: int
    past: int
    past_gaps: int
    calendar: int
    known: int
    static: int
    past_categories: tuple[int, ...]
    known_categories: tuple[int, ...]
    static_categories: tuple[int, ...]
    series: int


class Features(NamedTuple):
    """A batch of windows as the network computes with it.

    steps     [B, W, .]    z, mask, past covariates, their masks and embeddings, known covariates and theirs
    calendar  [B, W + H, K]
    ahead     [B, H, .]    known covariates and embeddings after the origin
    static    [B, .]       with embeddings, and that of the series
    naive     [B, H, N]
    """

    steps: Tensor
    calendar: Tensor
    ahead: Tensor
    static: Tensor
    naive: Tensor


class WindowFields(Protocol):
    """What the network reads of a batch: the inputs among the fields of `data.windows.WindowBatch`."""

    @property
    def target(self) -> Tensor: ...
    @property
    def observed(self) -> Tensor: ...
    @property
    def past(self) -> Tensor: ...
    @property
    def past_observed(self) -> Tensor: ...
    @property
    def past_codes(self) -> Tensor: ...
    @property
    def calendar(self) -> Tensor: ...
    @property
    def known(self) -> Tensor: ...
    @property
    def known_codes(self) -> Tensor: ...
    @property
    def static(self) -> Tensor: ...
    @property
    def static_codes(self) -> Tensor: ...
    @property
    def series(self) -> Tensor: ...
    @property
    def naive(self) -> Tensor: ...


class ForecastNetwork(Network):
    """Windows in, quantiles [B, H, Q] out, both in the window's own level and scale."""

    def __init__(self, inputs: Inputs, cell: str, options: NetworkOptions, naive_loss: Tensor | None) -> None:
        """`naive_loss` [N]: the mean absolute error of each naive forecast in training; the better start heavier.

        None: all start alike, as they may where the weights are to come from a file.
        """
        super().__init__()
        self.inputs = inputs
        self.past_embedding = Embeddings(inputs.past_categories)
        self.known_embedding = Embeddings(inputs.known_categories)
        self.static_embedding = Embeddings(inputs.static_categories)
        self.series_embedding = (
            nn.Embedding(inputs.series + 1, options.series_embedding) if options.series_embedding else None
        )
        known = inputs.known + self.known_embedding.width
        per_step = 2 + inputs.past + inputs.past_gaps + self.past_embedding.width + known
        static = inputs.static + self.static_embedding.width + options.series_embedding
        width = inputs.block * per_step + inputs.calendar + static
        self.recurrence = layer_of(cell)(
            width, options.hidden, options.layers, dropout=options.dropout if options.layers > 1 else 0.0
        )
        self.dropout = nn.Dropout(options.dropout)
        self.context = nn.Linear(options.hidden + static, inputs.horizon * options.context)
        ahead = inputs.calendar + known
        self.ahead = nn.Linear(ahead, options.context, bias=False) if ahead else None
        self.output = QuantileOutput(options.context)
        start = torch.zeros(inputs.naive) if naive_loss is None else _better_heavier(naive_loss)
        self.mixture = nn.Parameter(start.repeat(inputs.horizon, 1))

    @property
    def why_not_causal(self) -> str:
        """Why there is no step: a forecast is made of a whole window."""
        return _("it reads a window in the window's own level and scale, which every further step changes")

    def forward(self, batch: WindowFields, state: None = None) -> tuple[Tensor, None]:
        """Quantiles [B, H, Q] of z, and no state."""
        self.refuse_state(state)
        return self.quantiles(self.features(batch)), None

    def features(self, batch: WindowFields) -> Features:
        """What a window says, as numbers side by side: categories are embedded."""
        window = batch.target.shape[1]
        known = torch.cat([batch.known, self.known_embedding(batch.known_codes)], dim=-1)
        steps = torch.cat(
            [
                batch.target.unsqueeze(-1),
                batch.observed.unsqueeze(-1),
                batch.past,
                batch.past_observed,
                self.past_embedding(batch.past_codes),
                known[:, :window],
            ],
            dim=-1,
        )
        parts = [batch.static, self.static_embedding(batch.static_codes)]
        if self.series_embedding is not None:
            parts.append(self.series_embedding(batch.series))
        return Features(steps, batch.calendar, known[:, window:], torch.cat(parts, dim=-1), batch.naive)

    def hidden(self, batch: WindowFields) -> Tensor:
        """The last state of the recurrence [B, hidden]: what it remembers of a window."""
        return self._last(self.features(batch))

    def quantiles(self, features: Features) -> Tensor:
        """Quantiles [B, H, Q] of z from what a window says."""
        calendar, static, window = features.calendar, features.static, features.steps.shape[1]
        hidden = torch.cat([self.dropout(self._last(features)), static], dim=-1)
        context = self.context(hidden).view(len(static), self.inputs.horizon, -1)
        if self.ahead is not None:
            context = context + self.ahead(torch.cat([calendar[:, window:], features.ahead], dim=-1))
        naive = (features.naive * self.mixture.softmax(-1)).sum(-1)
        return self.output(functional.gelu(context), naive)

    def _last(self, features: Features) -> Tensor:
        steps, calendar, static = features.steps, features.calendar, features.static
        size, window, _ = steps.shape
        block = self.inputs.block
        blocks = torch.cat(
            [
                steps.reshape(size, window // block, -1),
                calendar[:, block - 1 : window : block],
                static.unsqueeze(1).expand(-1, window // block, -1),
            ],
            dim=-1,
        )
        outputs, _ = self.recurrence(blocks.transpose(0, 1))
        return outputs[-1]


def _better_heavier(naive_loss: Tensor) -> Tensor:
    """Logarithms of weights [N] of the naive forecasts, without their sum, by their mean absolute errors [N]."""
    return (-4.0 * naive_loss / naive_loss.min().clamp(min=1e-12)).clamp(min=-40.0).float()
