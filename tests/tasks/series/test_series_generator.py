"""The generator of series: what it makes, how it is judged, what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import torch

import recurra as rc
from recurra.errors import InputError
from recurra.evaluation.generation.series import nearest, use_of
from recurra.nn.density import DensityNetwork, DensityOptions, Given, sizes_of
from recurra.tasks.series.adversarial import balance_told
from recurra.tasks.series.baselines import VectorAutoregression
from recurra.tasks.series.home import back_to_mean
from recurra.tasks.series.rows import series_rows, table_of
from recurra.tasks.series.scaling import Scaling
from recurra.tasks.series.windows import Stretches, Windows
from recurra.training import Run
from recurra.training.callback import Callback
from recurra.training.checkpoint import CheckpointFolder

NEVER = torch.tensor(False)  # no column holds its value


def sensors(rows: int = 600) -> pd.DataFrame:
    """A swing with noise, its double, and a switch."""
    rng, t = np.random.default_rng(0), np.arange(rows)
    a = np.sin(t / 6) + 0.1 * rng.standard_normal(rows)
    b = a + 0.05 * rng.standard_normal(rows)
    when = pd.date_range("2024-01-01", periods=rows, freq="h")
    return pd.DataFrame({"when": when.astype(str), "a": a, "b": b, "again": a, "on": (a > 0).astype(int)})


def test_the_density_of_a_row_is_one() -> None:
    torch.manual_seed(0)
    network = DensityNetwork(2, "gru", DensityOptions(hidden=4, components=3, features=3)).double().eval()
    with torch.no_grad():
        network.lower.normal_(std=0.3)
        network.linear.weight.normal_(std=0.3)
        network.bias[:, 6:] = torch.tensor([0.0, 0.5, -0.5])  # none too narrow for the grid
    x = torch.randn(3, 1, 2, dtype=torch.float64)
    given, _state = network(x, x)
    line = torch.linspace(-12, 12, 481, dtype=torch.float64)
    grid = torch.cartesian_prod(line, line)
    last = Given(*(part[-1:].expand(len(grid), 1, -1) for part in given))
    total = network.log_density(last, grid.unsqueeze(1)).detach().exp().sum() * (line[1] - line[0]) ** 2
    assert float(total) == pytest.approx(1.0, abs=0.01)


def test_what_is_drawn_has_the_density() -> None:
    torch.manual_seed(0)
    network = DensityNetwork(2, "gru", DensityOptions(hidden=4, components=1)).eval()
    with torch.no_grad():
        network.lower[1, 0] = 0.9
        network.output.zero_()
        network.bias.zero_()
        network.bias[:, 1] = 1.0
        given, _state = network(torch.zeros(1, 20_000, 2), torch.zeros(1, 20_000, 2))
        drawn = network.draw(Given(*(part[0] for part in given)), torch.Generator().manual_seed(0))
    u = (drawn / given.sizes[0]).numpy()
    np.testing.assert_allclose(u.mean(axis=0), [1, 1.9], atol=0.05)
    np.testing.assert_allclose(np.cov(u.T), [[1, 0.9], [0.9, 1.81]], atol=0.06)


def test_steps_say_what_the_sequence_says() -> None:
    torch.manual_seed(0)
    network = DensityNetwork(3, "gru", DensityOptions(hidden=4, components=2)).eval()
    x = torch.randn(5, 2, 3)
    whole, _state = network(x, x)
    state = None
    for t in range(5):
        given, state = network.step(x[t], x[t], state)
        for one, every in zip(given, whole, strict=True):
            torch.testing.assert_close(one, every[t])


def test_the_size_of_late_follows_the_changes() -> None:
    calm, wild = torch.full((200, 1, 1), 0.2), torch.full((200, 1, 1), 2.0)
    assert float(sizes_of(calm, NEVER)[0][-1]) == pytest.approx(0.2, abs=0.02)
    assert float(sizes_of(wild, NEVER)[0][-1]) == pytest.approx(2.0, abs=0.02)


def test_a_long_series_has_the_sizes_of_its_recurrence() -> None:
    changes = torch.randn(300, 2, 3, generator=torch.Generator().manual_seed(0), dtype=torch.float64) * 3
    square, expected = torch.ones(2, 3, dtype=torch.float64), []
    for change in changes:
        square = (1 - 1 / 24) * square + change.square().clamp(max=6.0) / 24
        expected.append(square.sqrt().clamp(min=0.1))
    sizes, last = sizes_of(changes, NEVER)
    torch.testing.assert_close(sizes, torch.stack(expected))
    torch.testing.assert_close(last, square)
    assert len(sizes_of(torch.ones(200_000, 1, 1), NEVER)[0]) == 200_000  # of which all pairs of steps would be 160 GB


def test_another_level_changes_nothing_unless_a_column_goes_back_to_its_mean() -> None:
    torch.manual_seed(0)
    network = DensityNetwork(2, "gru", DensityOptions(hidden=4, components=2), memory=48).double().eval()
    x = torch.randn(200, 3, 2, dtype=torch.float64)
    with torch.no_grad():
        network.linear.weight.normal_()
        here, there = network(x, x)[0], network(x + 50.0, x)[0]
        for one, other in zip(here, there, strict=True):
            torch.testing.assert_close(one, other)
        network.pull[1] = -0.1
        drawn = (network(x + 50.0, x)[0].linear - network(x, x)[0].linear)[..., 0:2]
    torch.testing.assert_close(drawn, torch.tensor([0.0, -5.0]).double().expand_as(drawn))


def test_a_random_walk_does_not_go_back_to_its_mean_and_a_stationary_column_does() -> None:
    rng = np.random.default_rng(0)
    walk, near = rng.standard_normal((6000, 1)).cumsum(axis=0), np.zeros((6000, 1))
    noise = rng.standard_normal((6000, 1))
    for t in range(1, 6000):
        near[t] = 0.98 * near[t - 1] + noise[t]
    both = np.hstack([walk, near])
    rates = back_to_mean(Stretches(both, np.array([0, len(both)])))
    assert rates[0] == 0
    assert -0.032 <= rates[1] < -0.005
    assert (back_to_mean(Stretches(both[:500], np.array([0, 500]))) == 0).all()  # too few blocks to tell


def test_rows_are_thrown_back_from_their_bounds_and_not_held_there() -> None:
    values = np.random.default_rng(0).standard_normal((3000, 2)).cumsum(axis=0)
    scaling = Scaling.of(values, np.array([0, 3000]))
    z = torch.from_numpy(scaling.scaled(values)).float()[:, None]
    low, high = scaling.bounds(z[:1])
    torch.testing.assert_close(high[0], z.amax(0)[0] + 0.25 * (z.amax(0) - z.amin(0))[0])
    torch.testing.assert_close(scaling.within(high + 0.2, low, high), high - 0.2)
    torch.testing.assert_close(scaling.within(low - 0.2, low, high), low + 0.2)


def test_what_goes_on_from_another_level_is_the_same_at_that_level() -> None:
    rng = np.random.default_rng(0)
    walks = pd.DataFrame({name: rng.standard_normal(1500).cumsum() for name in "ab"})
    model = rc.SeriesGenerator(method="likelihood", network={"hidden": 4}, training={"epochs": 0.5}).fit(walks).model_
    assert (model.members[0].network.pull == 0).all()
    histories = rng.standard_normal((3, 60, 2)).cumsum(axis=1) * 0.01
    here, there = (model.go_on(histories + level, 10, 0) - level for level in (0.0, 0.3))
    np.testing.assert_allclose(there, here, atol=1e-3)


def test_the_end_of_a_series_is_not_the_past_of_the_next() -> None:
    rng = np.random.default_rng(0)
    parts = [level + 0.1 * rng.standard_normal((60, 1)) for level in rng.normal(0, 50, 40)]
    weights = VectorAutoregression.learn(Stretches.of(parts)).weights
    assert abs(1 - weights[1:].sum()) < 0.01  # each stays where it is
    spread = VectorAutoregression.learn(Stretches.of(parts)).factor
    assert float(np.abs(spread).max()) < 0.2  # no leap from one to the other


def test_columns_go_into_comparable_units_and_back() -> None:
    values = series_rows(sensors(), "it")[0].values
    values = np.column_stack([values, np.exp(3 * values[:, 0])])
    scaling = Scaling.of(values, np.array([0, len(values)]))
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
    model = VectorAutoregression.learn(Stretches(z, np.array([0, len(z)])))
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
@pytest.mark.parametrize("method", ["auto", "gan"])
def test_it_makes_rows_and_comes_back_from_its_file(tmp_path: Path, method: Any) -> None:
    frame = sensors()
    model = rc.SeriesGenerator(
        method=method, network={"hidden": 8, "components": 2}, window=6, training={"epochs": 0.2, "batch_size": 16}
    )
    evaluation = model.study(frame)
    methods = list(evaluation.table.index)
    assert methods[0] == "Recurra"
    assert methods[-3:] == ["training data replayed", "block bootstrap", "VAR"]
    assert any("not chosen" in name for name in methods) == (method == "auto")
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
    assert again.model_.rival is None
    if method == "gan":
        assert any("discriminator was right" in note for note in evaluation.notes)


@pytest.mark.train
def test_short_series_begin_anew_and_are_as_long_as_those_learnt() -> None:
    rng = np.random.default_rng(0)
    x = rng.standard_normal((160, 6, 2)).cumsum(axis=1)
    model = rc.SeriesGenerator(method="likelihood", network={"hidden": 4}, training={"epochs": 0.5, "batch_size": 16})
    evaluation = model.study(x, share=0.4)
    assert list(evaluation.table.index) == ["Recurra", "training data replayed", "Gaussian of whole series"]
    made = model.sample(15)
    assert made["series"].tolist() == [160] * 6 + [161] * 6 + [162] * 3
    assert (made.groupby("series")["column0"].first().diff().dropna() != 0).all()
    page = model.content()
    assert "made" in page.panels


class Stop(Exception):
    """The power went off."""


class StopsAt(Callback):
    """Ends the program after so many steps."""

    def __init__(self, steps: int) -> None:
        self.steps = steps

    def on_step(self, step: int, loss: float, gradient_norm: float) -> None:
        """See Callback."""
        if step == self.steps:
            raise Stop


@pytest.mark.train
def test_an_adversary_that_was_killed_goes_on_to_the_same_bits(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr("recurra.training.loop._CHECKPOINT_SECONDS", -1.0)
    frame = sensors(300)[["a", "b"]]

    def fit(run: Run) -> dict[str, torch.Tensor]:
        model = rc.SeriesGenerator(method="gan", network={"hidden": 4}, window=6, training={"epochs": 2.0})
        return model.fit(frame, run=run).networks[0].state_dict()

    whole = fit(Run())
    for steps in (1, 5):
        folder = tmp_path / str(steps)
        with pytest.raises(Stop):
            fit(Run(checkpoints=CheckpointFolder(folder, {}), callbacks=(StopsAt(steps),)))
        resumed = fit(Run(checkpoints=CheckpointFolder(folder, {}, resume=True)))
        assert all(torch.equal(resumed[name], whole[name]) for name in whole)


def test_a_collapse_is_named() -> None:
    assert any("collapsed" in sentence for sentence in balance_told(0.6, 0.05))
    assert any("discriminator won" in sentence for sentence in balance_told(0.97, 1.0))
    assert any("balance" in sentence for sentence in balance_told(0.6, 0.9))
    assert any("scatters" in sentence for sentence in balance_told(0.6, 3.0))


def test_windows_stay_within_their_series_and_are_masked_behind_its_end() -> None:
    found = Stretches.of([np.full((3, 1), 1.0), np.full((9, 1), 2.0)])
    windows = Windows(found, 4, 2, starts=True)
    z, there = windows.read(torch.arange(len(windows)))
    assert z.shape == (5, 4, 1)
    assert z[0, :2, 0].tolist() == [0.0, 0.0]  # each begins with its start
    assert there[:, 0].tolist() == [True, True, True, False]
    assert set(z[1:, 1:].unique().tolist()) == {2.0}


def test_missing_values_are_said_and_times_go_on() -> None:
    frame = sensors()
    frame.loc[5:7, "a"] = np.nan
    rows, roles, facts = series_rows(frame, "it")
    assert np.isfinite(rows.values).all()
    assert any("3 missing values" in fact.value for fact in facts)
    assert str(table_of(rows.values[:2], np.array([0, 2]), roles)["when"].iloc[1]) == "2024-01-26 01:00:00"


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


def test_one_large_change_does_not_swell_what_follows() -> None:
    changes = torch.zeros(40, 1, 1)
    changes[3] = 1000.0
    sizes, _squares = sizes_of(changes, NEVER)
    assert float(sizes.max()) < 1.15
    network = DensityNetwork(1, "gru", DensityOptions(hidden=4)).eval()
    with torch.no_grad():
        network.bias[:, 3:] = 100.0  # means far from all that was learnt
        given, _state = network(torch.zeros(1, 500, 1), torch.zeros(1, 500, 1))
        drawn = network.draw(Given(*(part[0] for part in given)), torch.Generator().manual_seed(0))
    assert float((drawn / given.sizes[0]).abs().max()) <= 8.0


def machines(rows: int = 500) -> pd.DataFrame:
    """Three machines far from one another: a flow of one decimal, whole counts of alarms, a switch."""
    rng = np.random.default_rng(0)
    parts = []
    for name, level in (("A", 50.0), ("B", 500.0), ("C", 5.0)):
        flow = level * (1 + 0.02 * rng.standard_normal(rows))
        switch = (rng.random(rows) < 0.05).cumsum() % 2
        alarms = rng.poisson(level / 10, rows)
        parts.append(pd.DataFrame({"machine": name, "flow": flow.round(1), "alarms": alarms, "open": switch}))
    return pd.concat(parts, ignore_index=True)


def test_each_of_few_series_is_made_where_it_was_and_written_as_it_was(tmp_path: Path) -> None:
    table = machines()
    model = rc.SeriesGenerator(method="likelihood", network={"hidden": 8}, training={"epochs": 2}, verbose=False)
    made = model.fit(table, series="machine").sample(900, seed=1)
    assert made.groupby("machine").size().tolist() == [300, 300, 300]
    means = made.groupby("machine")["flow"].mean().to_numpy()
    np.testing.assert_allclose(means, [50, 500, 5], rtol=0.3)
    for name in ("flow", "alarms"):  # none where no machine of the kind was
        assert made[name].between(table[name].min(), table[name].max()).all()
    assert (made["alarms"] == made["alarms"].round()).all()
    assert (made["flow"] * 10 - (made["flow"] * 10).round()).abs().max() < 1e-6
    assert set(made["open"]) == {0, 1}
    assert 0.01 < (made["open"].diff().abs() == 1).mean() < 0.15
    assert len(model.sample(2)) == 2  # fewer than there are machines
    with pytest.raises(InputError, match="rows is 0: expected a whole number of at least 1"):
        model.sample(0)
    model.save(tmp_path / "machines.safetensors")
    pd.testing.assert_frame_equal(rc.load(tmp_path / "machines.safetensors").sample(900, seed=1), made)


def test_a_long_series_stays_where_it_has_been() -> None:
    rng = np.random.default_rng(3)
    days = np.arange(900)
    temperature = 10 - 9 * np.cos(days / 58) + rng.standard_normal(900)
    table = pd.DataFrame(
        {"temperature": temperature, "sales": np.maximum(0, 200 - 150 * (days % 7 == 6) + 5 * temperature)}
    )
    model = rc.SeriesGenerator(
        method="likelihood", network={"hidden": 16}, training={"epochs": 20}, window=12, verbose=False
    )
    made = model.fit(table).sample(1000, seed=1)
    for name in table:
        assert abs(made[name].mean() - table[name].mean()) < table[name].std()
        assert made[name].between(table[name].min() - 1e-6, table[name].max() + 1e-6).all()
