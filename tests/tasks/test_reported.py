"""Pages and pictures from Python: for a fitted and for a studied estimator, and what stops them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure
from tests.tasks.small import baselines_in_process

from recurra import Forecaster, SequenceClassifier
from recurra.errors import InputError, MissingPackageError

WORDS = {"good": "fine warm kind bright", "bad": "dull cold rude grey"}


def reviews(count: int = 60) -> tuple[list[str], list[str]]:
    random = np.random.default_rng(0)
    labels = [("good", "bad")[k % 2] for k in range(count)]
    return [" ".join(random.choice(WORDS[label].split(), 4)) for label in labels], labels


def waves(count: int = 120) -> pd.DataFrame:
    steps = np.arange(count)
    return pd.DataFrame({"ds": pd.date_range("2026-01-01", periods=count), "y": np.sin(steps / 3) + 0.01 * steps})


@pytest.fixture(scope="module")
def classifier() -> SequenceClassifier:
    return SequenceClassifier(members=1, training={"epochs": 1}, verbose=False).fit(*reviews())


@pytest.fixture(scope="module")
def forecaster() -> Forecaster:
    with baselines_in_process():
        return Forecaster(3, members=1, training={"epochs": 1}, verbose=False).fit(waves(), target="y")


@pytest.mark.train
def test_a_fitted_forecaster_shows_what_it_knows(forecaster: Forecaster, tmp_path: Path) -> None:
    forecaster.report(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    titles = [section.title for section in forecaster.content().sections()]
    assert {"Forecast", "Training"} <= set(titles)
    assert not {"Comparison with baselines", "Backtest: past forecasts against the truth"} & set(titles)
    assert "could not be shown" not in text
    assert "Not compared with baselines" in text
    assert forecaster.plot().axes[0].get_title(loc="left") == "Forecast, 3 days ahead"


@pytest.mark.train
@pytest.mark.usefixtures("baselines_here")
def test_a_studied_forecaster_shows_everything_and_fit_forgets_it(tmp_path: Path) -> None:
    studied = Forecaster(3, members=1, training={"epochs": 1}, verbose=False)
    backtest = studied.study(waves(), 4, target="y")
    titles = [section.title for section in studied.content().sections()]
    assert {"Comparison with baselines", "Backtest: past forecasts against the truth", "Error by horizon"} <= set(
        titles
    )
    assert studied.content().verdict == backtest.verdict.sentence
    assert isinstance(backtest.plot(), Figure)
    backtest.report(tmp_path / "backtest.html")
    studied.fit(waves(), target="y")
    assert studied.content().better is None


@pytest.mark.train
@pytest.mark.usefixtures("baselines_here")
def test_newer_data_and_its_evaluation(forecaster: Forecaster) -> None:
    newer = waves(140)
    content = forecaster.content(newer, backtest=forecaster.evaluate(newer), title="Newer")
    assert content.title == "Newer"
    assert content.data["history"]["time"].max() == newer["ds"].max()
    assert "Comparison with baselines" in [section.title for section in content.sections()]


@pytest.mark.train
def test_a_classifier_fitted_and_studied(classifier: SequenceClassifier, tmp_path: Path) -> None:
    assert [section.title for section in classifier.content().sections()][:1] == ["Training"]
    classifier.report(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")
    studied = SequenceClassifier(members=1, training={"epochs": 1}, verbose=False)
    evaluation = studied.study(*reviews())
    titles = [section.title for section in studied.content().sections()]
    assert {"Comparison with baselines", "Confusion matrix", "Explained predictions", "Training and test data"} <= set(
        titles
    )
    assert evaluation.plot().axes[0].get_title(loc="left") == "accuracy, higher is better"


@pytest.mark.train
def test_a_notebook_shows_the_verdict_and_the_picture(classifier: SequenceClassifier) -> None:
    shown = classifier._repr_mimebundle_()["text/html"]
    assert "Not compared with baselines" in shown
    assert "data:image/png;base64," in shown
    assert classifier.plot()._repr_png_().startswith(b"\x89PNG")  # pyright: ignore[reportAttributeAccessIssue]
    assert "sk-" in SequenceClassifier()._repr_mimebundle_()["text/html"]  # scikit-learn's, before it is fitted


@pytest.mark.train
def test_an_explanation_that_fails_costs_only_its_panel(
    classifier: SequenceClassifier, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_given: object, **_named: object) -> None:
        raise RuntimeError("cuDNN is in a bad mood")

    studied = SequenceClassifier(members=1, training={"epochs": 1}, verbose=False)
    studied.study(*reviews())
    monkeypatch.setattr("recurra.tasks.labelled.attributions.explain", fail)
    studied.report(tmp_path / "page.html")
    text = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "“Explained predictions” could not be shown: RuntimeError: cuDNN is in a bad mood" in text
    assert "Comparison with baselines" in text
    assert "Training and test data" in text


def test_before_it_is_fitted() -> None:
    with pytest.raises(InputError, match="this Forecaster is not fitted: call fit first"):
        Forecaster(3).report("page.html")
    with pytest.raises(ValueError, match="this SequenceClassifier is not fitted"):
        SequenceClassifier().plot()


@pytest.mark.train
def test_another_ending_is_refused_before_anything_is_made(classifier: SequenceClassifier) -> None:
    with pytest.raises(InputError, match=r"path is 'page.pdf': expected a name that ends in .html"):
        classifier.report("page.pdf")


@pytest.mark.train
def test_without_matplotlib_the_extra_is_named(classifier: SequenceClassifier, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] == "matplotlib"]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(MissingPackageError, match=r"pip install 'recurra\[plots\]'"):
        classifier.plot()
    assert "data:image/png" not in classifier._repr_mimebundle_()["text/html"]
