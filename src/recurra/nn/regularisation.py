"""Regularisation inside the recurrence: it keeps a network from memorising its training set."""

from __future__ import annotations

from dataclasses import dataclass

from recurra.errors import InputError


@dataclass(frozen=True)
class Regularisation:
    """Dropout and zoneout of a layer's recurrence; in training only, their expectation otherwise.

    recurrent_dropout  the share of h that does not enter U h, the same units at every step of a sequence
                       (variational: Gal and Ghahramani 2016, "A theoretically grounded application of dropout in
                       recurrent neural networks")
    zoneout            the share of h that keeps its old value at a step (Krueger et al. 2016, "Zoneout: regularizing
                       RNNs by randomly preserving hidden activations")
    zoneout_cell       the same for c of an LSTM; as `zoneout` where it is None
    weight_drop        the share of the weights in U that are zero for a whole sequence, the same for every row of the
                       batch (Merity et al. 2018, "Regularizing and optimizing LSTM language models")

    Rates are shares of at least 0 and below 1; InputError otherwise.

    >>> import recurra as rc
    >>> layer = rc.nn.LSTM(3, 5, regularisation=rc.nn.Regularisation(recurrent_dropout=0.2, zoneout=0.1))
    """

    recurrent_dropout: float = 0.0
    zoneout: float = 0.0
    zoneout_cell: float | None = None
    weight_drop: float = 0.0

    def __post_init__(self) -> None:
        for name in ("recurrent_dropout", "zoneout", "zoneout_cell", "weight_drop"):
            rate = getattr(self, name)
            if name == "zoneout_cell" and rate is None:
                continue
            if isinstance(rate, bool) or not isinstance(rate, int | float) or not 0 <= rate < 1:
                raise InputError(f"{name} is {rate!r}: expected a share of at least 0 and below 1")

    @property
    def zoneout_rates(self) -> tuple[float, float]:
        """(for h, for c)."""
        return float(self.zoneout), float(self.zoneout if self.zoneout_cell is None else self.zoneout_cell)
