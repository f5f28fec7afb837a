"""The forecasting network: its forecasts are ordered, start from the naive one, and each input reaches them."""

from __future__ import annotations

from dataclasses import fields, replace

import pytest
import torch
from torch import Tensor

from recurra.data.panel.windows import WindowBatch
from recurra.nn.embedding import Embeddings
from recurra.nn.forecast import ForecastNetwork, Inputs, NetworkOptions
from recurra.nn.quantiles import MEDIAN, QUANTILES

INPUTS = Inputs(
    block=4, horizon=3, naive=2, past=2, past_gaps=1, calendar=2, known=1, static=1,
    past_categories=(3,), known_categories=(2,), static_categories=(5,), series=6,
)  # fmt: skip
OPTIONS = NetworkOptions(hidden=8, context=4, series_embedding=2)
WINDOW = 12


def network(cell: str = "lstm", inputs: Inputs = INPUTS, options: NetworkOptions = OPTIONS) -> ForecastNetwork:
    torch.manual_seed(0)
    return ForecastNetwork(inputs, cell, options, torch.tensor([1.0, 2.0])).eval()


def batch(size: int = 5, inputs: Inputs = INPUTS) -> WindowBatch:
    g = torch.Generator().manual_seed(1)
    both = WINDOW + inputs.horizon

    def normal(*shape: int) -> Tensor:
        return torch.randn(size, *shape, generator=g)

    def codes(most: tuple[int, ...], *shape: int) -> Tensor:
        columns = [torch.randint(0, n + 1, (size, *shape), generator=g) for n in most]
        return torch.stack(columns, dim=-1) if columns else torch.zeros((size, *shape, 0), dtype=torch.int64)

    return WindowBatch(
        target=normal(WINDOW), observed=torch.ones(size, WINDOW), past=normal(WINDOW, inputs.past),
        past_observed=torch.ones(size, WINDOW, inputs.past_gaps), past_codes=codes(inputs.past_categories, WINDOW),
        calendar=normal(both, inputs.calendar), known=normal(both, inputs.known),
        known_codes=codes(inputs.known_categories, both), static=normal(inputs.static),
        static_codes=codes(inputs.static_categories), series=torch.arange(size) % (inputs.series + 1),
        naive=normal(inputs.horizon, inputs.naive), level=normal(1).double(), scale=normal(1).abs().double(),
        importance=normal(1).abs(), truth=normal(inputs.horizon),
    )  # fmt: skip


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm", "mingru", "slstm"])
@pytest.mark.parametrize("size", [1, 5])
def test_quantiles_of_every_step_in_order(cell: str, size: int) -> None:
    quantiles = network(cell)(batch(size))[0]
    assert quantiles.shape == (size, 3, len(QUANTILES))
    assert (quantiles.diff(dim=-1) > 0).all()


def test_it_starts_between_the_naive_forecasts_and_nearer_the_better() -> None:
    rows = batch()
    median = network()(rows)[0][..., MEDIAN]
    low, high = rows.naive.amin(-1), rows.naive.amax(-1)
    assert ((median >= low - 1e-6) & (median <= high + 1e-6)).all()
    assert ((median - rows.naive[..., 0]).abs() < (median - rows.naive[..., 1]).abs()).all()


def test_rows_do_not_see_each_other() -> None:
    model, rows = network(), batch()
    order = torch.tensor([3, 0, 4, 1, 2])
    shuffled = WindowBatch(**{f.name: getattr(rows, f.name)[order] for f in fields(rows)})
    torch.testing.assert_close(model(shuffled)[0], model(rows)[0][order])


@pytest.mark.parametrize("seed", [0, 1])
def test_every_input_reaches_the_forecast_and_no_truth_does(seed: int) -> None:
    model, rows = network(), batch()
    torch.manual_seed(seed)
    for parameter in model.output.parameters():  # the median starts at the naive forecast, whatever the inputs are
        torch.nn.init.normal_(parameter)
    before, _state = model(rows)
    unread = {"level", "scale", "importance", "truth"}
    for field in fields(rows):
        value = getattr(rows, field.name)
        other = (value + 1) % 2 if value.dtype == torch.int64 else value + 1
        changed = bool((model(replace(rows, **{field.name: other}))[0] != before).any())
        assert changed == (field.name not in unread), field.name


def test_nothing_but_the_target_is_enough() -> None:
    bare = Inputs(4, 3, 2, 0, 0, 0, 0, 0, (), (), (), 1)
    model = network(inputs=bare, options=NetworkOptions(hidden=8, context=4))
    assert model(batch(inputs=bare))[0].isfinite().all()
    assert model.ahead is None


def test_every_weight_learns() -> None:
    model = network().train()
    torch.nn.init.normal_(model.output.project.weight)
    model(batch(60))[0].square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.isfinite().all(), name
        assert parameter.grad.abs().sum() > 0, name


def test_embeddings_side_by_side() -> None:
    table = Embeddings((3, 50, 1))
    codes = torch.randint(0, 2, (2, 7, 3))
    features = table(codes)
    assert features.shape == (2, 7, table.width) == (2, 7, 2 + 4 + 1)
    torch.testing.assert_close(features[..., 2:6], table.tables[1](codes[..., 1]))
    assert Embeddings(())(torch.zeros(2, 7, 0, dtype=torch.int64)).shape == (2, 7, 0)
