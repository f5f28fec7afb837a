"""Networks, losses and callbacks of one's own inside an estimator, hidden states as features, and the same bits."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from tests.tasks.sequences import LONGER, QUICK, SILENT, classifier, reviews, strands, tagger
from tests.tasks.small import file_bytes, quick, shops
from torch import nn

import recurra as rc
from recurra import InputError, ModelFileError
from recurra.inspect.budget import Budget
from recurra.nn.quantiles import QUANTILES, pinball_loss
from recurra.training import Callback, Run

TEXTS, LABELS = reviews()


class Reader(nn.Module):
    """The mean of embedded tokens through a GRU."""

    def __init__(self, inputs, outputs):
        super().__init__()
        ((self.name, spec),) = inputs.items()
        assert spec.kind == "tokens"
        self.embedding, self.gru = nn.Embedding(spec.size + 1, 8), rc.nn.GRU(8, 8)
        self.head = nn.Linear(8, outputs)

    def hidden(self, inputs):
        return self.gru(self.embedding(inputs[self.name].values), lengths=inputs[self.name].lengths)[1][0]

    def forward(self, inputs):
        return self.head(self.hidden(inputs))


class Ahead(nn.Module):
    """The first naive forecast plus a linear function of the last targets."""

    def __init__(self, inputs):
        super().__init__()
        self.inputs, self.linear = inputs, nn.Linear(7, inputs.horizon * len(QUANTILES))

    def forward(self, batch):
        steps = self.linear(batch.target[:, -7:]).view(len(batch.target), self.inputs.horizon, -1)
        return batch.naive[..., :1] + steps.sort(-1).values


def squared(outputs, truth):
    known = truth >= 0
    return (outputs.softmax(-1)[known] - nn.functional.one_hot(truth[known], outputs.shape[-1])).square().mean()


def test_a_network_of_ones_own_in_a_classifier(tmp_path):
    model = classifier(network=Reader, training=LONGER).fit(TEXTS, LABELS, run=SILENT)
    assert [type(network.module) for network in model.module_] == [Reader, Reader]
    later, labels = reviews(seed=1)
    assert model.score(later, labels) > 0.9
    assert model.transform(later).shape == (len(later), 16)
    assert "Reader, your own" in {fact.label: fact.value for fact in model.facts()}["network"]
    with pytest.raises(InputError, match="the network Reader is your own"):
        model.explain(later[:2])
    model.save(path := tmp_path / "own.safetensors")
    with pytest.raises(ModelFileError, match=r"weights of a network of your own, Reader.*load\(path, network=Reader\)"):
        rc.load(path)
    again = rc.load(path, network=Reader)
    assert again.decision_function(later).tobytes() == model.decision_function(later).tobytes()
    classifier(members=1).fit(TEXTS, LABELS, run=SILENT).save(path)
    with pytest.raises(ModelFileError, match="holds a network of recurra's own"):
        rc.load(path, network=Reader)


def test_a_network_of_ones_own_in_a_forecaster(tmp_path):
    model = quick(network=Ahead, epochs=5.0).fit(shops())
    ahead = model.predict(levels=[80])
    assert (ahead["lo_80"] <= ahead["hi_80"]).all()
    (remark,) = [fact.value for fact in model.facts() if fact.label == "remark"]
    assert "was not recorded" in remark  # it has no recurrence
    with pytest.raises(InputError, match="the network Ahead is your own"):
        model.explain()
    with pytest.raises(InputError, match=r"the network Ahead has no hidden\(inputs\)"):
        model.transform()
    model.save(path := tmp_path / "own.safetensors")
    with pytest.raises(ModelFileError, match="network of your own, Ahead"):
        rc.load(path)
    assert rc.load(path, network=Ahead).predict(levels=[80]).equals(ahead)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"network": nn.Linear(2, 2)}, "network is a Linear that is already made: expected what makes one"),
        ({"network": lambda inputs, outputs: 3}, "made a int: expected a torch.nn.Module"),
        ({"network": lambda inputs, outputs: nn.Identity()}, "without a parameter to train"),
        ({"network": lambda inputs, outputs: Reader(inputs, 7)}, r"gave outputs of shape .*: expected \[B, K\]"),
        (
            {"network": Ahead},
            r"network=Ahead takes \(inputs\): expected what can be called as Ahead\(inputs, outputs\)",
        ),
        ({"loss": 3}, "loss is 3: expected a callable"),
        ({"loss": lambda truth: 0.5}, r"takes \(truth\): expected what can be called as .*\(outputs, truth\)"),
        ({"loss": lambda outputs, truth: outputs}, "gave a tensor of shape .*: expected a scalar tensor"),
        ({"loss": lambda outputs, truth: 0.5}, "gave a float: expected a scalar tensor"),
    ],
)
def test_what_is_no_part_is_refused(settings, message):
    with pytest.raises(InputError, match=message):
        classifier(members=1, **settings).fit(TEXTS, LABELS, run=SILENT)


def test_a_loss_of_ones_own():
    model = classifier(loss=squared, training=LONGER, members=1).fit(TEXTS, LABELS, run=SILENT)
    assert model.score(TEXTS, LABELS) > 0.9
    assert model.learning()["train_loss"].max() < 1  # of cross entropy it would begin near 0.69, here near 0.25
    plain = quick(epochs=1.0).fit(shops())
    same = quick(epochs=1.0, loss=lambda quantiles, truth: pinball_loss(quantiles, truth)).fit(shops())
    np.testing.assert_allclose(plain.learning()["train_loss"], same.learning()["train_loss"], rtol=1e-6)


def head_inputs(model):
    """How many states the head of the first network reads."""
    head = model.module_[0].get_submodule("head")
    assert isinstance(head, nn.Linear)
    return head.in_features


def test_hidden_states_are_features():
    model = classifier().fit(TEXTS, LABELS, run=SILENT)
    features = model.transform(TEXTS)
    assert features.shape[0] == len(TEXTS)
    assert features.dtype == np.float64
    np.testing.assert_allclose(features[3:5], model.transform(TEXTS[3:5]), atol=1e-6)
    assert features.shape[1] == 2 * head_inputs(model)
    fitted = make_pipeline(classifier(training=LONGER), LogisticRegression()).fit(TEXTS, LABELS)
    assert fitted.score(TEXTS, LABELS) > 0.9
    assert classifier().fit_transform(TEXTS, LABELS, run=SILENT).tobytes() == features.tobytes()


def test_hidden_states_of_a_tagger_and_of_series():
    letters, tags = strands()
    model = tagger(members=1).fit(letters, tags, run=SILENT)
    assert model.transform(letters).shape == (len(letters), head_inputs(model))
    forecaster = quick(members=2).fit(shops())
    assert forecaster.transform().shape == (2, 16)
    assert np.isfinite(forecaster.transform(shops(days=100))).all()
    assert not hasattr(quick(), "module_")
    assert not hasattr(classifier(), "module_")


class Seen(Callback):
    def __init__(self, stop_after=None):
        self.steps, self.rows, self.names, self.ended, self.stop_after = [], [], [], 0, stop_after

    def on_start(self, name, network, steps):
        torch.rand(7)
        self.names.append(name)

    def on_step(self, step, loss, gradient_norm):
        torch.rand(3)
        self.steps.append(step)

    def on_validation(self, row):
        self.rows.append(row["validation_loss"])
        return self.stop_after is not None and row["step"] >= self.stop_after

    def on_end(self, network):
        assert not network.training
        self.ended += 1


def test_callbacks_follow_and_change_no_bit(tmp_path):
    seen = Seen()
    alone = quick(members=2).fit(shops())
    followed = quick(members=2).fit(shops(), run=Run(callbacks=(seen,)))
    assert file_bytes(alone, tmp_path) == file_bytes(followed, tmp_path)
    assert seen.names == ["validation-0", "validation-1", "training-0", "training-1"]
    assert seen.ended == 4
    assert len(seen.rows) >= len(followed.learning())  # those of the validation's networks too


def test_a_callback_ends_a_training():
    seen = Seen(stop_after=1)
    model = classifier(members=1, training=QUICK).fit(TEXTS, LABELS, run=Run(callbacks=(seen,)))
    assert len(seen.rows) == 1
    assert not model.model_.interrupted


def test_an_error_of_a_callback_is_raised():
    class Broken(Callback):
        def on_step(self, step, loss, gradient_norm):
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        classifier(members=1).fit(TEXTS, LABELS, run=Run(callbacks=(Broken(),)))
    with pytest.raises(InputError, match="callbacks holds 3: expected objects of a subclass"):
        Run(callbacks=(3,))  # pyright: ignore[reportArgumentType]


def test_neither_watching_nor_showing_changes_a_bit(tmp_path, monkeypatch, capsys):
    plain = quick(verbose=False).fit(shops())
    monkeypatch.setattr(Budget, "allows", lambda self: True)
    shown = quick(verbose=True).fit(shops())
    assert file_bytes(plain, tmp_path) == file_bytes(shown, tmp_path)
    assert "training: loss" in capsys.readouterr().err
