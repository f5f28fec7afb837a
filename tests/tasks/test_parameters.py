"""Options of a network and a training are reached by name, as scikit-learn's searches want it."""

from __future__ import annotations

import subprocess
import sys
from functools import partial
from typing import Any

import pytest
from sklearn.base import clone
from sklearn.model_selection import GridSearchCV
from sklearn.utils import get_tags
from tests.tasks.sequences import reviews
from tests.tasks.small import shops

from recurra import Forecaster, InputError, NetworkOptions, SequenceClassifier, SequenceOptions, TrainingOptions

KINDS: list[tuple[Any, Any]] = [(Forecaster(4), NetworkOptions), (SequenceClassifier(), SequenceOptions)]


def copied(estimator: Any) -> Any:
    """An unfitted copy; of `clone` alone the type is that of an estimator or of a collection of them."""
    return clone(estimator)


@pytest.mark.parametrize(("estimator", "options"), KINDS, ids=["forecaster", "classifier"])
def test_one_option_changes_and_the_others_stay(estimator, options):
    model = copied(estimator).set_params(network__hidden=32, training__epochs=2.0)
    assert model.network == {"hidden": 32}
    assert model.get_params()["network__hidden"] == 32
    assert model.set_params(network__layers=2).network == {"hidden": 32, "layers": 2}
    model.set_params(network=options(hidden=8, dropout=0.25), network__layers=2)
    assert model.network == options(hidden=8, layers=2, dropout=0.25)
    assert model.get_params()["network__dropout"] == 0.25
    assert "network__dropout" not in model.get_params(deep=False)
    assert copied(model).get_params() == model.get_params()


def test_options_by_input():
    model = SequenceClassifier(network={"title": {"hidden": 8}}).set_params(network__title__layers=2)
    assert model.network == {"title": {"hidden": 8, "layers": 2}}
    assert model.get_params()["network__title__hidden"] == 8


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"hiden": 3}, "'hiden' is no parameter of Forecaster: expected some of block, cell"),
        ({"members__x": 3}, "'members__x' is no parameter"),
        ({"training__epoch": 3}, "training__epoch is no option of TrainingOptions: expected some of epochs"),
    ],
)
def test_unknown_names(given, message):
    with pytest.raises(InputError, match=message):
        Forecaster(4, training=TrainingOptions()).set_params(**given)


@pytest.mark.parametrize("kind", [Forecaster, SequenceClassifier])
def test_an_unknown_option_of_a_mapping_is_refused_in_fit(kind):
    network = {"hiden": 3}
    fit = (
        partial(Forecaster(4, network=network).fit, shops())
        if kind is Forecaster
        else partial(SequenceClassifier(network=network).fit, *reviews())
    )
    with pytest.raises(InputError, match=r"'hiden' is no option of .*Options: expected some of hidden"):
        fit()


@pytest.mark.usefixtures("baselines_here")
def test_a_mapping_is_enough_for_the_forecaster():
    training = dict(epochs=0.5, batch_size=16)
    model = Forecaster(7, method="network", members=1, network=dict(hidden=8), training=training, verbose=False)
    model.fit(shops())
    assert model.model_.recipe.network == NetworkOptions(hidden=8)
    assert -10 < model.score(shops(days=104)) < 0


def test_a_search_over_the_network():
    texts, labels = reviews()
    search = GridSearchCV(
        SequenceClassifier(members=1, training=dict(epochs=1.0), verbose=False),
        {"network__hidden": [4, 8], "cell": ["gru"]},
        cv=2,
    ).fit(texts, labels)
    assert search.best_params_["network__hidden"] in (4, 8)
    (network,) = search.best_estimator_.model_.recipe.networks.values()
    assert network.hidden == search.best_params_["network__hidden"]


@pytest.mark.spawn
def test_a_forecaster_starts_without_scikit_learn_and_scipy_stats():
    """They take a second together, as much as a forecast of the pretrained network."""
    code = (
        "import sys, recurra; recurra.Forecaster; found = {'sklearn', 'scipy.stats'} & set(sys.modules); "
        "sys.exit(', '.join(found) or 0)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")


def test_a_forecaster_is_known_by_its_arguments():
    model = Forecaster(4, members=1, network={"hidden": 8})
    assert repr(model) == "Forecaster(horizon=4, members=1, network={'hidden': 8})"
    assert get_tags(model).estimator_type is None
    assert get_tags(SequenceClassifier()).estimator_type == "classifier"
