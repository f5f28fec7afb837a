"""What covariates add, the coming values of those that are known, and forecasts under other ones."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from tests.tasks.small import baselines_in_process, quick

import recurra as rc
from recurra import InputError, NetworkOptions, TrainingOptions
from recurra.tasks.forecast.covariates import Gain, said
from recurra.tasks.forecast.what_if import parse_changes

DAYS, HORIZON = 260, 5
OPTIONS: Any = dict(
    season=1,
    block=5,
    network=NetworkOptions(hidden=16, context=8),
    training=TrainingOptions(epochs=12, batch_size=64, learning_rate=0.01),
)


def sales(ahead: int = HORIZON) -> pd.DataFrame:
    """Sales of 200 less 10 for every unit of the price, which nothing else foretells."""
    rng = np.random.default_rng(0)
    price = rng.uniform(5, 15, DAYS + ahead).round(2)
    units = 200 - 10 * price + rng.normal(0, 1, DAYS + ahead)
    units[DAYS:] = np.nan
    kind = rng.choice(["none", "radio"], DAYS + ahead)
    days = pd.date_range("2024-01-01", periods=DAYS + ahead)
    return pd.DataFrame({"day": days, "price": price, "kind": kind, "units": units})


@pytest.fixture(scope="module")
def studied() -> rc.Forecaster:
    model = quick(HORIZON, **OPTIONS)
    with baselines_in_process():
        model.study(sales(), 6, target="units", known=["price", "kind"])
    return model


def test_what_they_add_is_measured_and_said(studied: rc.Forecaster) -> None:
    gain = studied.gain_
    assert gain is not None
    assert gain.columns == ("price", "kind")
    assert gain.windows == 6
    assert gain.share > 0.4
    fact = next(fact for fact in studied.facts() if fact.label == "covariates add")
    assert fact.value.startswith("price, kind: with them the trained network's error is ")
    assert f"{100 * gain.share:.1f} % lower on 6 test windows" in fact.value


@pytest.mark.parametrize(
    ("share", "p", "end"),
    [
        (0.1, 0.01, "(p = 0.010)"),
        (0.1, 0.4, "within chance"),
        (-0.1, 0.4, "within chance"),
        (-0.1, 0.01, "leave them out"),
    ],
)
def test_the_words(share: float, p: float, end: str) -> None:
    text = said(Gain(("a",), share, p, 9))[0].value
    assert text.endswith(end)
    assert ("lower" in text) == (share > 0)
    assert said(None) == []


@pytest.mark.usefixtures("baselines_here")
def test_without_covariates_there_is_nothing_to_say() -> None:
    model = quick(HORIZON, **OPTIONS | {"training": TrainingOptions(epochs=0.1)})
    model.study(sales(0)[["day", "units"]], 2, target="units")
    assert model.gain_ is None


def test_a_higher_price_sells_less(studied: rc.Forecaster) -> None:
    plain = studied.predict()
    for what, by in (("+20%", -1), ("+1", -1), ("-10%", 1), (5.5, 1)):
        found = studied.predict(what_if={"price": what})
        assert found["as_is"].to_list() == plain["forecast"].to_list()
        assert np.sign((found["forecast"] - found["as_is"]).mean()) == by, what
        assert list(found.columns)[:4] == ["unique_id", "day", "forecast", "as_is"]


@pytest.fixture(autouse=True)
def _the_weight_is_said_as_a_warning(recwarn: pytest.WarningsRecorder) -> None:
    import warnings

    warnings.simplefilter("always")


def test_a_value_that_training_has_not_seen_is_warned_of(studied: rc.Forecaster) -> None:
    with pytest.warns(
        UserWarning, match=r"price was between 5.0\d* and 1[45]\.\d+ in training, and 5 of 5 values are not"
    ):
        studied.predict(what_if={"price": 40})


def test_a_value_that_is_negative_as_none_was_is_warned_of(studied: rc.Forecaster) -> None:
    with pytest.warns(UserWarning, match="price is negative at 5 of 5 steps, which it never was in training"):
        studied.predict(what_if={"price": "-30"})


def test_a_decimal_comma_is_read_and_what_may_be_a_thousand_is_not(studied: rc.Forecaster) -> None:
    for comma, point in (("12,49", 12.49), ("+0,5", "+0.5"), ("-,5", "-.5"), ("+2,5%", "+2.5%"), ("0,125", 0.125)):
        with_comma, with_point = (studied.predict(what_if={"price": said}) for said in (comma, point))
        pd.testing.assert_frame_equal(with_comma, with_point)
    with pytest.raises(InputError, match=r"price is '1,250', which may be 1250 or 1.250: write one of the two"):
        studied.predict(what_if={"price": "1,250"})


def test_coming_values_may_stand_alone(studied: rc.Forecaster, tmp_path: Path) -> None:
    """Rows of what is known ahead, without the column of the target, are enough; and after a file they still are."""
    coming = sales().tail(HORIZON)[["day", "price", "kind"]]
    pd.testing.assert_frame_equal(studied.predict(coming), studied.predict())
    dear = studied.predict(coming.assign(price=14.5))
    cheap = studied.predict(coming.assign(price=5.5))
    assert (dear["forecast"] < cheap["forecast"]).all()
    studied.save(tmp_path / "m.safetensors")
    served = rc.load(tmp_path / "m.safetensors")
    pd.testing.assert_frame_equal(
        served.predict(coming, what_if={"price": 14.5}), studied.predict(what_if={"price": 14.5})
    )


@pytest.mark.parametrize(
    ("what", "text"),
    [
        ({"day": "+1"}, "day is no column that is known in advance; those of this model: price, kind"),
        ({"price": "dear"}, r"price is 'dear': expected a change such as \+10%, -2, or a value such as 12.5"),
        ({"kind": "poster"}, "kind is 'poster': expected one of 'none', 'radio'"),
    ],
)
def test_refusals(studied: rc.Forecaster, what: dict[str, str], text: str) -> None:
    with pytest.raises(InputError, match=text):
        studied.predict(what_if=what)


def test_what_is_not_known_cannot_rise() -> None:
    model = quick(HORIZON, **OPTIONS | {"training": TrainingOptions(epochs=8, batch_size=64, learning_rate=0.01)})
    model.fit(sales(HORIZON)[: DAYS + 2], target="units", known=["price", "kind"])
    with pytest.raises(InputError, match="price is not known for 3 of the 5 steps ahead"):
        model.predict(what_if={"price": "+10%"})
    assert model.predict(what_if={"price": 9})["forecast"].notna().all()


def test_where_nothing_reads_covariates_it_is_said() -> None:
    model = quick(HORIZON, **OPTIONS | {"method": "fast"}).fit(sales(), target="units", known=["price", "kind"])
    with pytest.raises(InputError, match="nothing in this forecast reads covariates"):
        model.predict(what_if={"price": "+10%"})


@pytest.mark.parametrize("text", ["price", "=3", "price="])
def test_no_change_is_refused(text: str) -> None:
    with pytest.raises(InputError, match="is no change of a column"):
        parse_changes([text])
    with pytest.raises(InputError, match="changed twice"):
        parse_changes(["a=1", "a=2"])


def test_the_command(studied: rc.Forecaster, tmp_path: Path) -> None:
    from typer.testing import CliRunner

    from recurra.cli.main import app

    studied.save(tmp_path / "m.safetensors")
    out = tmp_path / "f.csv"
    given = ["predict", str(tmp_path / "m.safetensors"), "--what-if", "price=+200%", "--out", str(out)]
    done = CliRunner().invoke(app, given)
    assert done.exit_code == 0, done.output
    assert "price was between" in " ".join(done.output.split())
    assert "as_is" in out.read_text().splitlines()[0]
