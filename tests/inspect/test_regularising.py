"""Regularisation seen working."""

from __future__ import annotations

import pytest
import torch

from recurra.errors import InputError
from recurra.inspect import Variant, regularisation


def noisy(rows: int, seed: int) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(8, rows, 2, generator=generator)
    return x, x[-3:].mean((0, 2)) + 0.5 * torch.randn(rows, generator=generator)


@pytest.mark.slow
def test_without_it_the_training_set_is_learnt_by_heart() -> None:
    variants = [Variant("without"), Variant("both", dropout=0.4, recurrent_dropout=0.3, weight_decay=0.5)]
    random = torch.get_rng_state()
    found = regularisation(noisy(24, 0), noisy(200, 1), hidden=32, steps=200, learning_rate=1e-2, variants=variants)
    assert torch.equal(torch.get_rng_state(), random)
    table = found.table()
    assert table["training"].to_numpy()[0] < 0.1
    without, both = table["gap"].to_numpy()
    assert both < 0.8 * without
    assert found.curves.groupby("variant")["step"].agg(["min", "max"]).to_numpy().tolist() == [[0, 200]] * 2
    first = found.curves[found.curves["step"] == 0]
    assert first["training"].nunique() == 1  # the same first weights
    figure = found.plot()
    figure.canvas.draw()
    assert len(figure.axes) == 2


@pytest.mark.slow
def test_classes() -> None:
    x = torch.randn(5, 20, 2)
    data = x, (x[-1, :, 0] > 0).long()
    table = regularisation(data, data, cell="gru", hidden=8, steps=60, learning_rate=2e-2).table()
    assert (table["training"] < 0.69).all()


def test_refusals() -> None:
    x = torch.randn(5, 20, 2)
    with pytest.raises(InputError, match="cell is 'transformer'"):
        regularisation((x, x[0]), (x, x[0]), cell="transformer")
    with pytest.raises(InputError, match="validation has x of shape"):
        regularisation((x, x[0]), (x, x[0, :3]))
    with pytest.raises(InputError, match="steps is 0"):
        regularisation((x, x[0]), (x, x[0]), steps=0)
