"""The generator of series: what it makes, how it is judged, what it refuses."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import recurra as rc
from recurra.errors import InputError
from recurra.evaluation.generation.series import nearest, use_of
from recurra.nn.density import DensityNetwork
from recurra.tasks.synthesize.model import VectorAutoregression
from recurra.tasks.synthesize.rows import series_rows, table_of
from recurra.tasks.synthesize.scaling import Scaling


def sensors(rows: int = 600) -> pd.DataFrame:
    """A swing with noise, its double, and a switch."""
    rng, t = np.random.default_rng(0), np.arange(rows)
    a = np.sin(t / 6) + 0.1 * rng.standard_normal(rows)
    b = a + 0.05 * rng.standard_normal(rows)
    when = pd.date_range("2024-01-01", periods=rows, freq="h")
    return pd.DataFrame({"when": when.astype(str), "a": a, "b": b, "again": a, "on": (a > 0).astype(int)})


def test_the_density_is_that_of_a_mixture_of_gaussians() -> None:
    torch.manual_seed(0)
    network = DensityNetwork(3, "gru", hidden=4, components=2).double().eval()
    with torch.no_grad():
        network.mixing.normal_()
    x = torch.randn(2, 1, 3, dtype=torch.float64)
    (pi, mean, scale), _state = network(x, x)
    inverse = torch.linalg.inv(scale.exp().diag_embed() @ network.factors)
    normal = torch.distributions.MultivariateNormal(mean, inverse @ inverse.transpose(-1, -2))
    expected = torch.logsumexp(pi + normal.log_prob(x.unsqueeze(-2)), dim=-1)
    torch.testing.assert_close(network.log_density((pi, mean, scale), x), expected)


def test_what_is_drawn_has_the_covariance_of_the_density() -> None:
    torch.manual_seed(0)
    network = DensityNetwork(2, "gru", hidden=4, components=1)
    with torch.no_grad():
        network.mixing[0, 1, 0] = -0.9
    parts = torch.zeros(20_000, 1), torch.ones(20_000, 1, 2), torch.zeros(20_000, 1, 2)
    drawn = network.draw(parts, torch.Generator().manual_seed(0)).detach().numpy()
    inverse = np.linalg.inv([[1, 0], [-0.9, 1]])
    np.testing.assert_allclose(np.cov(drawn.T), inverse @ inverse.T, atol=0.06)
    np.testing.assert_allclose(drawn.mean(axis=0), 1, atol=0.05)


def test_columns_go_into_comparable_units_and_back() -> None:
    values = series_rows(sensors(), "it")[0].values
    values = np.column_stack([values, np.exp(3 * values[:, 0])])
    scaling = Scaling.of(values)
    assert len(scaling.own) == 4  # "again" is learnt once
    z = scaling.scaled(values)
    np.testing.assert_allclose(z.std(axis=0), 1)
    np.testing.assert_allclose(scaling.values(z), values, atol=1e-9)
    on = scaling.values(z + 0.1)[:, 3]
    assert set(on) == {0.0, 1.0}


def test_a_vector_autoregression_finds_its_own_weights() -> None:
    rng = np.random.default_rng(0)
    z = np.zeros((4000, 2))
    for t in range(1, len(z)):
        z[t] = z[t - 1] @ [[0.8, 0.1], [0.0, 0.5]] + rng.standard_normal(2)
    model = VectorAutoregression.learn(z)
    np.testing.assert_allclose(model.weights[1:3], [[0.8, 0.1], [0.0, 0.5]], atol=0.06)
    later = model.go_on(z[:500, None].transpose(0, 1, 2), 300, seed=0)
    np.testing.assert_allclose(later[:, -1].std(axis=0), z.std(axis=0), rtol=0.2)


def test_a_copy_machine_is_called_one() -> None:
    rng = np.random.default_rng(0)
    learnt, later = rng.standard_normal((2, 200, 6, 2)).cumsum(axis=2)
    near = nearest(learnt[:20], learnt) / nearest(later, learnt)
    assert near == 0
    assert "copies" in use_of({"nearest": near, "discriminative score": 0.0})
    assert "not known" in use_of({"nearest": np.nan, "discriminative score": 0.0})
    assert "stand in" in use_of({"nearest": 1.0, "discriminative score": 0.05})
    assert "easily told apart" in use_of({"nearest": 1.0, "discriminative score": 0.4})


@pytest.mark.train
def test_it_makes_rows_and_comes_back_from_its_file(tmp_path: Path) -> None:
    frame = sensors()
    model = rc.SeriesGenerator(
        network={"hidden": 8, "components": 2}, window=8, training={"epochs": 0.5, "batch_size": 16}
    )
    evaluation = model.study(frame)
    assert list(evaluation.table.index) == ["Recurra", "training data replayed", "block bootstrap", "VAR"]
    assert evaluation.table["nearest"]["training data replayed"] < 0.2
    made = model.sample(50, seed=3)
    assert list(made.columns) == list(frame.columns)
    assert pd.to_datetime(made["when"]).iloc[0] == pd.Timestamp("2024-01-26")
    np.testing.assert_array_equal(made["a"], made["again"])
    assert set(made["on"]) <= {0, 1}
    model.save(tmp_path / "model.safetensors")
    again = rc.load(tmp_path / "model.safetensors")
    pd.testing.assert_frame_equal(again.sample(50, seed=3), made)
    assert again.model_.learnt is None


def test_missing_values_are_said_and_times_go_on() -> None:
    frame = sensors()
    frame.loc[5:7, "a"] = np.nan
    rows, roles, facts = series_rows(frame, "it")
    assert np.isfinite(rows.values).all()
    assert any("3 missing values" in fact.value for fact in facts)
    assert str(table_of(rows.values[:2], roles)["when"].iloc[1]) == "2024-01-26 01:00:00"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda f: f.assign(b=3.0), "'b' of it is 3 in every row"),
        (lambda f: f.head(20), "20 rows: expected at least 200"),
        (lambda f: f.assign(b="warm"), "'b' of it holds 'warm' in row 1"),
        (lambda f: f[["when"]], "no column of numbers"),
        (lambda f: f.assign(b=np.nan), "'b' of it holds no number"),
    ],
)
def test_what_is_no_table_of_numbers_is_refused(change: object, said: str) -> None:
    with pytest.raises(InputError, match=said):
        series_rows(change(sensors()), "it")  # type: ignore[operator]
