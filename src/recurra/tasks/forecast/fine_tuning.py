"""The pretrained network as the start of a training on the user's series: the fine-tuned network.

All its weights go on learning, slowly and for a few steps, from windows of the series, for the steps of the user's
horizon (docs/log.md has the trials: the last layers alone, or norms and biases alone, were worse everywhere). So few
steps are not stopped by held-out windows: the best of 25 looks at them is mostly luck, and up to 8 % worse than the
end. One that the training made clearly worse than the pretrained network is no member (`worsened`). Its held-out
origins are those of the trained network; whether it counts is for the combination to say. Its weights are rounded to
16 bits at the end, as model files hold them, so that a loaded model forecasts the same.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from recurra.checking import require
from recurra.data.panel.calendar import event_codes
from recurra.data.panel.panel import Panel
from recurra.ensemble.members import Member, Seat
from recurra.evaluation.forecast.events import without_events
from recurra.evaluation.forecast.metrics import naive_scale
from recurra.evaluation.forecast.steps import Steps
from recurra.evaluation.shared.means import mean_of_known
from recurra.language import mark
from recurra.nn.pretrained import Shape
from recurra.nn.pretrained.network import Pretrained
from recurra.nn.pretrained.weights import load_network, own_recurrence
from recurra.nn.pretrained.windows import ORIGINS, Windows, read_windows, windows_loss
from recurra.nn.quantiles import QUANTILES
from recurra.tasks.forecast.combining import pretrained_quantiles, season_read
from recurra.tasks.forecast.frames import truth_after
from recurra.tasks.forecast.plan import Split, steps_of
from recurra.training import Run, TrainingOptions
from recurra.training.run import pick_device

Floats = npt.NDArray[np.floating]

NAMES = {
    "backtest": mark("fine-tuning before the test"),
    "validation": mark("fine-tuning with validation"),
    "training": mark("fine-tuning"),
}
CONTEXT = 512  # values of a training window: half of what is read in use, for half of the time
STEPS, _ROWS, _RATE = 80, 16, 3e-4  # of one series
MOST_STEPS, _FASTER = 960, 0.2  # the rate grows with this power of the steps: 5e-4 at the most
LEAST_EXAMPLES, LEAST_HORIZONS = 100, 4  # training windows, and how many of them one after another
_VALIDATION = 32  # held-out windows
_WORSE = 0.05  # of the held-out loss of the pretrained network: less than that says nothing


@dataclass(frozen=True, eq=False)
class TunedMember(Member[Pretrained]):
    """The fine-tuned network, and how it was trained (None after loading); `shape` are its sizes."""

    shape: Shape = field(kw_only=True)

    def check(self) -> None:
        """Refuse sizes out of a file that no such network has."""
        require(0 < self.shape.layers <= 64, f"{self.shape.layers} layers")


class TuningProblem:
    """The `training.Problem` of fine-tuning: the loss of pretraining, on windows of a panel.

    Validation is the pinball loss of whole forecasts as they are in use, in naive errors of each series.
    """

    network: nn.Module
    lengths: Tensor | None = None

    def __init__(
        self, network: Pretrained, panel: Panel, parts: Split, horizon: int, steps: Steps, device: torch.device
    ) -> None:
        self._own = network.to(device)
        self.network, self.device = self._own, device
        self.panel, self.parts, self.horizon, self.steps = panel, parts, horizon, steps
        self.examples = parts.training.total
        ends = (parts.training.first + parts.training.counts - 1 + horizon).numpy()
        self._ends = np.minimum(ends, panel.lengths)  # rows of each series that training may see
        self._codes = event_codes(panel, horizon)
        self._histories: dict[int, Floats] = {}
        chosen = np.unique(np.linspace(0, len(parts.held_out_series) - 1, _VALIDATION).astype(np.int64))
        chosen = chosen[: len(parts.held_out_series)]
        self._held_out = parts.held_out_series.numpy()[chosen], parts.held_out_origins.numpy()[chosen]

    def batch(self, numbers: Tensor) -> Windows:
        """The training windows `numbers` [B]."""
        series, origins = self.parts.training.locate(numbers)
        pairs = []
        for s, origin in zip(series.tolist(), origins.tolist(), strict=True):
            values = self._history(s)
            begin = max(0, origin - CONTEXT)
            window = values[begin : origin + self.horizon].astype(np.float64)
            past, after = window[: origin - begin], window[origin - begin :]
            known = np.isfinite(past)
            if known.any():
                pairs.append((past[int(known.argmax()) :], after))
        pairs = pairs or [(np.zeros(1), np.full(self.horizon, np.nan))]
        return read_windows(pairs, season_read(self.steps), self._own.shape).to(self.device)

    def loss(self, network: nn.Module, batch: Windows) -> Tensor:
        """The mean loss of a batch."""
        return windows_loss(network, batch, self.horizon, self._own.shape)

    def validate(self, network: nn.Module) -> float:
        """The loss on some held-out origins; NaN where there are none."""
        series, origins = self._held_out
        if not len(series):
            return math.nan
        own = network if isinstance(network, Pretrained) else self._own  # of several processes it is wrapped
        found = pretrained_quantiles(self.panel, series, origins, self.horizon, self.steps, own)
        truth = truth_after(self.panel, series, origins, self.horizon).reshape(found.shape[:2])
        error, levels = truth[..., None] - found, np.array(QUANTILES)
        loss = mean_of_known(np.maximum(levels * error, (levels - 1) * error).mean(axis=2))
        season = self.steps.seasons[0] if self.steps.seasons else 1
        known = (self._history(int(s))[: self._ends[s]].astype(np.float64) for s in series)
        scale = np.array([naive_scale(values, season) for values in known])
        return float(mean_of_known(loss / np.where(scale > 0, scale, np.nan)))

    def _history(self, series: int) -> Floats:
        """The values of a series that training may see, without what events do."""
        values = self.panel.values(series)[: int(self._ends[series])]
        if self._codes is None:
            return values
        if series not in self._histories:
            known = np.asarray(values, dtype=np.float64)
            self._histories[series] = without_events(known, self._codes[series], self.horizon, self.steps)[0]
        return self._histories[series]


def enough(parts: Split, horizon: int) -> bool:
    """Whether there is enough to learn from, and something to judge it by."""
    rows = int((parts.training.counts + horizon - 1)[parts.training.counts > 0].sum())
    some = parts.training.total >= LEAST_EXAMPLES and rows >= LEAST_HORIZONS * horizon
    return some and len(parts.held_out_series) > 0


def steps_for(windows: int, series: int) -> int:
    """How many steps so many training windows of so many series are worth: of many series, one pass (docs/log.md)."""
    return STEPS if series == 1 else min(MOST_STEPS, max(STEPS, windows // (_ROWS * ORIGINS)))


def fine_tune(
    panel: Panel,
    parts: Split,
    horizon: int,
    seasons: tuple[int, ...],
    options: TrainingOptions,
    *,
    seed: int,
    run: Run,
    name: str,
    steps: int | None = None,
) -> TunedMember:
    """Train the pretrained network on `parts` of a panel.

    Steps are unless given those of `steps_for`, or as many as `options` give the other networks where that is less.
    `name` is what the training of those is called.
    """
    device = pick_device(run.device)
    network = load_network().requires_grad_(True)
    problem = TuningProblem(network, panel, parts, horizon, steps_of(panel, seasons), device)
    worth = steps_for(problem.examples, max(int((parts.training.counts > 0).sum()), 1))
    chosen = TrainingOptions(
        batch_size=_ROWS,
        learning_rate=_RATE * (worth / STEPS) ** _FASTER,
        weight_decay=0.0,
        precision=options.precision,
        early_stopping=False,
    )
    steps = steps or min(worth, options.steps(problem.examples))
    record = Seat(NAMES.get(name, name), 0, 1, seed).train(problem, chosen, run=run, watch=False, steps=steps)
    return TunedMember(rounded(network), record, shape=network.shape)


def worsened(member: TunedMember, panel: Panel, parts: Split, horizon: int, seasons: tuple[int, ...]) -> float | None:
    """The share by which its loss on what `parts` hold out is above the pretrained network's; None: not clearly."""
    if member.record is None:
        return None
    problem = TuningProblem(load_network(), panel, parts, horizon, steps_of(panel, seasons), torch.device("cpu"))
    share = member.record.best / problem.validate(problem.network) - 1.0
    return share if share > _WORSE else None


def rounded(network: Pretrained) -> Pretrained:
    """The network with weights that 16 bits hold, in evaluation mode."""
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.copy_(parameter.half().float())
    return network.eval().requires_grad_(False)


def empty(shape: Shape) -> Pretrained:
    """A network of these sizes whose weights are to come from a file."""
    return Pretrained(shape, own_recurrence)
