"""Regularisation seen working: the same small network trained with and without it, training against validation loss.

dropout            of what the recurrence gives, before the head                            Srivastava et al. (2014)
recurrent dropout  of the h that enters U, the same units at every step                     Gal and Ghahramani (2016)
zoneout            units that keep their old state at a step                                Krueger et al. (2016)
weight decay       of every weight, apart from the gradient                                 Loshchilov and Hutter (2019)
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import torch
from torch import Tensor, nn
from torch.nn import functional

from recurra import cells
from recurra.errors import InputError
from recurra.inspect.plotting import OTHERS, OURS, dress, new_figure
from recurra.language import _
from recurra.lettering import in_letters_of_this_machine
from recurra.nn import Regularisation
from recurra.nn.cell_layer import layer_of

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Data = tuple[Tensor, Tensor]
_POINTS = 40  # of a curve


@dataclass(frozen=True)
class Variant:
    """One way to train: its name, the rates of what is dropped or kept, and the decay of the weights."""

    name: str
    dropout: float = 0.0
    recurrent_dropout: float = 0.0
    zoneout: float = 0.0
    weight_decay: float = 0.0


VARIANTS = (
    Variant("without"),
    Variant("dropout 0.4", dropout=0.4),
    Variant("recurrent dropout 0.3", recurrent_dropout=0.3),
    Variant("zoneout 0.2", zoneout=0.2),
    Variant("weight decay 0.3", weight_decay=0.3),
)


@dataclass(frozen=True, eq=False)
class Comparison:
    """`curves`: variant, step, training, validation (losses without noise)."""

    curves: pd.DataFrame

    def table(self) -> pd.DataFrame:
        """A row per variant: the last losses, the smallest validation loss and its step, the gap at the end."""
        rows = {}
        for name, curve in self.curves.groupby("variant", sort=False):
            last, best = curve.iloc[-1], curve.iloc[int(curve["validation"].argmin())]
            rows[name] = {
                "training": last["training"],
                "validation": last["validation"],
                "gap": last["validation"] - last["training"],
                "best validation": best["validation"],
                "at step": int(best["step"]),
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("variant")

    @in_letters_of_this_machine
    def plot(self) -> Figure:
        """Training (dotted) against validation loss (solid), a panel per variant on one scale."""
        names = list(self.curves["variant"].unique())
        figure = new_figure(width=2.6 * min(len(names), 5), height=2.9 * -(-len(names) // 5))
        grid = figure.subplots(-(-len(names) // 5), min(len(names), 5), sharex=True, sharey=True, squeeze=False)
        least = self.curves[self.curves["variant"] == names[0]]["validation"].min()
        for place, axes in enumerate(grid.flat):
            if place >= len(names):
                axes.set_visible(False)
                continue
            curve = self.curves[self.curves["variant"] == names[place]]
            colour = (OURS, *OTHERS)[place % (1 + len(OTHERS))]
            axes.fill_between(curve["step"], curve["training"], curve["validation"], color=colour, alpha=0.12, lw=0)
            axes.plot(curve["step"], curve["training"], color=colour, ls=":", lw=1.6, label=_("training"))
            axes.plot(curve["step"], curve["validation"], color=colour, lw=2, label=_("validation"))
            axes.axhline(least, color="#9aa4ae", lw=0.9, ls="--")
            dress(axes, names[place], _("training step"), _("loss") if place % 5 == 0 else "")
            axes.set_yscale("log")
            if place == 0:
                axes.legend(frameon=False, fontsize=8)
        return figure


def regularisation(
    training: Data,
    validation: Data,
    *,
    cell: str = "lstm",
    hidden: int = 64,
    steps: int = 400,
    learning_rate: float = 3e-3,
    variants: Sequence[Variant] = VARIANTS,
    seed: int = 0,
) -> Comparison:
    """Train one network per variant, from the same first weights, on all of `training` at every step.

    training, validation  (x [T, B, F], y): y [B] or [B, K] to be predicted from the last output (squared error), or
                          int64 [B] for classes (cross-entropy)
    cell, hidden          the name of a cell (`recurra.cells.names`), and its units; the head is linear
    steps, learning_rate  of AdamW

    The caller's random state is untouched. Raises InputError for data of other shapes and an unknown cell.

    >>> import torch
    >>> import recurra as rc
    >>> x = torch.randn(10, 40, 1)
    >>> data = (x[:, :20], x[-1, :20]), (x[:, 20:], x[-1, 20:])
    >>> rc.inspect.regularisation(*data, hidden=8, steps=20).table().index.tolist()[:2]
    ['without', 'dropout 0.4']
    """
    cells.get(cell)
    if steps < 1 or not variants:
        raise InputError(f"steps is {steps} with {len(variants)} variants: expected at least one of each")
    for name, data in (("training", training), ("validation", validation)):
        _check(name, *data)
    curves = [_curve(training, validation, cell, hidden, steps, learning_rate, v, seed) for v in variants]
    return Comparison(pd.concat(curves, ignore_index=True))


class _Network(nn.Module):
    def __init__(self, features: int, outputs: int, cell: str, hidden: int, variant: Variant) -> None:
        super().__init__()
        self.head = nn.Linear(hidden, outputs)
        self.dropout = nn.Dropout(variant.dropout)
        noise = Regularisation(variant.recurrent_dropout, variant.zoneout)
        self.recurrence = layer_of(cell)(features, hidden, regularisation=noise)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.dropout(self.recurrence(x)[0][-1]))


def _curve(
    training: Data,
    validation: Data,
    cell: str,
    hidden: int,
    steps: int,
    learning_rate: float,
    variant: Variant,
    seed: int,
) -> pd.DataFrame:
    x, y = training
    classes = not y.is_floating_point()
    outputs = int(max(y.max(), validation[1].max())) + 1 if classes else y.reshape(len(y), -1).shape[1]
    loss_of = functional.cross_entropy if classes else _squared_error
    rows: list[dict[str, object]] = []
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = _Network(x.shape[-1], outputs, cell, hidden, variant)
        optimiser = torch.optim.AdamW(network.parameters(), learning_rate, weight_decay=variant.weight_decay)
        shown = set(np.unique(np.linspace(0, steps, _POINTS + 1).astype(int)).tolist())
        for step in range(steps + 1):
            if step in shown:
                network.eval()
                with torch.no_grad():
                    losses = [float(loss_of(network(inputs), truth)) for inputs, truth in (training, validation)]
                rows.append(dict(variant=variant.name, step=step, training=losses[0], validation=losses[1]))
                network.train()
            optimiser.zero_grad()
            loss_of(network(x), y).backward()
            optimiser.step()
    return pd.DataFrame(rows)


def _squared_error(output: Tensor, y: Tensor) -> Tensor:
    return functional.mse_loss(output, y.reshape(output.shape))


def _check(name: str, x: Tensor, y: Tensor) -> None:
    if x.dim() != 3 or len(y) != x.shape[1] or y.dim() > 2:
        raise InputError(
            f"{name} has x of shape {tuple(x.shape)} and y of shape {tuple(y.shape)}: expected x [T, B, F] and y [B] "
            "or [B, K]"
        )
