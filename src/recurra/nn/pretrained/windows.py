"""Histories and what came after them as a batch to learn from: windows as `zero_shot` reads them, with several origins.

Where all values of a history are clearly positive, the window is in the batch twice: in its values and in logarithms.
Up to the network's own horizon ahead, one window has several origins, each at the end of a patch; beyond it there is
one, and the patches after it are missing, as they are in use.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from recurra.nn.pretrained.forecasting import lags_of, scaled_like
from recurra.nn.pretrained.loss import origin_loss, truth_at
from recurra.nn.pretrained.series import is_positive
from recurra.nn.pretrained.shape import Shape

Floats = npt.NDArray[np.floating]
ORIGINS = 6


@dataclass(frozen=True, eq=False)
class Windows:
    """B windows in their own units: what is `shown` [B, L] and the `truth` [B, L'] beside and after it, NaN if missing.

    `zero` [B], `lags` and `scores` [B, 2] and the patches `at` [A] as `Pretrained.forward` takes them.
    """

    shown: Tensor
    truth: Tensor
    zero: Tensor
    lags: Tensor
    scores: Tensor
    at: Tensor

    def __len__(self) -> int:
        return len(self.shown)

    def to(self, device: torch.device) -> Windows:
        """The windows on another device."""
        return Windows(**{field.name: getattr(self, field.name).to(device) for field in fields(self)})


def read_windows(
    pairs: Sequence[tuple[Floats, Floats]], season: int | None, shape: Shape, *, origins: int = ORIGINS
) -> Windows:
    """Histories [t], each with some known value, and the H values after each -> at most twice as many windows.

    `season` as in `zero_shot`; `origins` of each window, the last of them at its end.
    """
    pairs = [(past[-shape.context :], after) for past, after in pairs]
    logarithms = [(np.log(past), _log(after)) for past, after in pairs if is_positive(past)]
    pairs = [*pairs, *logarithms]
    horizon = len(pairs[0][1])
    patches, rounds = max(-(-len(past) // shape.patch) for past, _after in pairs), -(-horizon // shape.horizon)
    known = patches * shape.patch
    values = torch.full((len(pairs), known + rounds * shape.horizon), torch.nan, dtype=torch.float64)
    for row, (past, after) in enumerate(pairs):
        values[row, known - len(past) : known] = torch.from_numpy(np.asarray(past, dtype=np.float64))
        values[row, known : known + horizon] = torch.from_numpy(np.asarray(after, dtype=np.float64))
    scaled, zero = scaled_like(values, values[:, :known])
    lags, scores = lags_of(scaled[:, :known], season)
    if rounds > 1:
        shown = scaled.clone()
        shown[:, known:] = torch.nan
        at = patches - 1 + torch.arange(rounds) * (shape.horizon // shape.patch)
    else:
        shown = scaled[:, :known]
        at = torch.linspace(patches - 1, patches // 4, min(origins, patches)).long().unique()
    return Windows(shown, scaled, zero, lags, scores, at)


def windows_loss(network: nn.Module, windows: Windows, horizon: int, shape: Shape) -> Tensor:
    """The mean loss of the first `horizon` steps after every origin, or of all that the network says in one go."""
    quantiles, of = network(windows.shown, windows.zero, windows.lags, windows.scores, windows.at)
    steps = min(horizon, shape.horizon)
    truth = truth_at(windows.truth, of.last, of.unit, of.count, windows.at, shape.patch, steps)
    return origin_loss(quantiles[:, :, :steps], truth)


def _log(values: Floats) -> Floats:
    """Logarithms; NaN where there is none."""
    values = np.asarray(values, dtype=np.float64)
    return np.log(np.where(values > 0, values, np.nan))
