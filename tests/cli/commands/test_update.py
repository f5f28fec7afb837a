"""`recurra update`: a better model replaces the old one, a worse one does not, and what was known is looked at."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.tasks.small import quick, shops

import recurra as rc
from recurra.cli.main import main
from recurra.errors import InputError

WEEKS = shops(320)
LATE = WEEKS["day"] >= "2024-06-01"


def table(*, changed: bool) -> pd.DataFrame:
    """Two shops; with a change the week's form is another one from June on."""
    found = WEEKS.copy()
    if changed:
        day = found["day"].dt.dayofweek.to_numpy()
        found.loc[LATE, "units"] += (np.array([9.0, -9, 12, 0, -12, 6, -6])[day] * np.arange(len(day)) % 23)[LATE]
    return found


def run(*arguments: str) -> int:
    with pytest.raises(SystemExit) as end:
        main(list(arguments))
    return int(end.value.code or 0)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("update") / "shops.safetensors"
    quick(epochs=1.0).fit(WEEKS[~LATE]).save(path)
    return path


def test_what_is_better_replaces_the_file_and_forecasts_from_the_new_end(model: Path, tmp_path: Path) -> None:
    place, newer = tmp_path / "shops.safetensors", tmp_path / "newer.csv"
    place.write_bytes(model.read_bytes())
    table(changed=False)[LATE].to_csv(newer, index=False)
    before = rc.load(place)
    code = run("update", str(place), str(newer), "-q")
    after = rc.load(place)
    assert code == 0
    found = before.partial_fit(table(changed=False)[LATE]).updated_  # the same, in Python
    assert found.better == (place.read_bytes() != model.read_bytes())
    assert set(found.table["rows"]) == {"already known", "newest"}
    if found.better:
        assert after.predict()["day"].min() == WEEKS["day"].max() + pd.Timedelta(days=1)
        pd.testing.assert_frame_equal(after.predict(), before.predict())


def test_a_worse_model_leaves_the_file_as_it_is(
    model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    from recurra.tasks.forecast import updating

    place, newer = tmp_path / "shops.safetensors", tmp_path / "newer.csv"
    place.write_bytes(model.read_bytes())
    table(changed=False)[LATE].to_csv(newer, index=False)
    learnt = updating._learnt

    def spoilt(old, panel, run):
        found = learnt(old, panel, run)
        for parameter in found.members[0].network.parameters():
            parameter.data.add_(0.5)
        return found

    monkeypatch.setattr(updating, "_learnt", spoilt)
    assert run("update", str(place), str(newer)) == 0
    assert "The old model is kept" in capsys.readouterr().out
    assert place.read_bytes() == model.read_bytes()


def test_what_was_forgotten_keeps_the_old_model(model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from recurra.tasks.forecast import updating

    forecaster, errors = rc.load(model), iter([(1.0, 1.2), (2.0, 1.0)])
    monkeypatch.setattr(updating, "_learnt", lambda old, panel, run: old)
    monkeypatch.setattr(updating, "_errors", lambda *given: [np.array([each]) for each in next(errors)])
    forecaster.partial_fit(WEEKS)
    assert not forecaster.updated_.better
    assert "has forgotten what was known (MASE 1.200 there, 1.000 before)" in forecaster.updated_.sentence


@pytest.mark.usefixtures("baselines_here")
def test_refusals(model: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="an update needs at least 10"):
        rc.load(model).partial_fit(WEEKS[WEEKS["day"] < "2024-06-05"])
    plain = quick(method="naive").fit(WEEKS[~LATE])
    with pytest.raises(InputError, match="nothing to train further"):
        plain.partial_fit(WEEKS)
