"""The classifier: one label of several, or several at once, for a whole sequence."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from sklearn.base import ClassifierMixin
from sklearn.utils import Tags as EstimatorTags
from torch import nn

from recurra.data.examples.inputs import Kind
from recurra.data.labels.label_values import called
from recurra.errors import InputError
from recurra.language import _
from recurra.nn.own import Loss
from recurra.nn.sequence import SequenceOptions
from recurra.objectives.classes import ClassObjective
from recurra.objectives.labels import LabelObjective
from recurra.tasks.labelled.estimator import SequenceEstimator
from recurra.tasks.labelled.given import refuse_unequal
from recurra.training import TrainingOptions

Floats = npt.NDArray[np.floating]


class SequenceClassifier(ClassifierMixin, SequenceEstimator):
    """Classes of texts, strings of symbols, lists of events, numeric series, or several inputs together.

    An ensemble of `members` recurrent networks, its probabilities calibrated on a part of the examples that none of
    them learns from; where tokens are read, a linear model of n-grams corrects it as far as this part shows it can.

    inputs           what each input is, by name: kinds of `recurra.inputs`; None to find it
    optional         inputs that may be missing in an example; others are refused where they are
    cell             "gru", "lstm", "rnn", "mingru", "slstm", or one of your own (`recurra.cells.register`)
    network          widths, pooling, convolution, dropout: all of them, or some by name, such as {"hidden": 32}
                     for every input, or by input, such as {"text": {"hidden": 32}}; or a factory of modules of
                     your own (see the guide)
    training         epochs, batches, learning rate, likewise; the rest is what suits the inputs and their number
    class_weight     None, "balanced", or a weight for each class
    label_smoothing  the share of each label that is spread over all classes in training
    metric           what is to be large: "accuracy", "balanced_accuracy", "macro_f1" or "log_loss"; "auto" takes
                     balanced accuracy where the classes are very unequal, and else accuracy
    empty            "refuse" examples without a step, or "drop" them
    device           "auto" (a GPU where there is one), "cpu" or "cuda"
    loss             a function of outputs and truth in place of the objective's (see the guide)
    verbose          True for a bar, False for none, None for one where a person watches: a terminal, a notebook

    With y of [N] labels each example has one class; with lists of labels, or a matrix [N, K] of 0 and 1, any number.
    A class is chosen by its probability, with balanced accuracy and macro F1 against the share of the class: `predict`
    then says rare classes sooner than the largest `predict_proba` would. After `fit`: `classes_`, and `n_features_in_`
    for a table of numbers.

    >>> from recurra import SequenceClassifier
    >>> reviews = ["a fine film", "dull and long", "fine acting", "a long, dull film"] * 10
    >>> model = SequenceClassifier(members=1).fit(reviews, ["pos", "neg", "pos", "neg"] * 10)
    >>> model.predict(["fine", "dull"]).tolist()
    ['pos', 'neg']
    """

    KIND = "sequence classifier"
    OBJECTIVES = (LabelObjective, ClassObjective)

    def __init__(
        self,
        *,
        inputs: Mapping[str, Kind] | None = None,
        optional: Collection[str] = (),
        cell: str = "gru",
        members: int = 3,
        network: SequenceOptions | Mapping[str, Any] | Callable[..., nn.Module] | None = None,
        training: TrainingOptions | Mapping[str, Any] | None = None,
        class_weight: Mapping[Any, float] | Literal["balanced"] | None = None,
        label_smoothing: float = 0.0,
        metric: str = "auto",
        empty: str = "refuse",
        loss: Loss | None = None,
        seed: int = 0,
        device: str = "auto",
        verbose: bool | None = None,
    ) -> None:
        super().__init__(
            inputs=inputs,
            optional=optional,
            cell=cell,
            members=members,
            network=network,
            training=training,
            empty=empty,
            loss=loss,
            seed=seed,
            device=device,
            verbose=verbose,
        )
        self.class_weight = class_weight
        self.label_smoothing = label_smoothing
        self.metric = metric

    def __sklearn_tags__(self) -> EstimatorTags:
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    def predict_proba(self, X: Any) -> Floats:
        """The probability of every class [N, K], in the order of `classes_`; of several labels, that each applies."""
        outputs, _unused = self._outputs(X)
        return self.model_.objective.decoded(outputs)

    def decision_function(self, X: Any) -> Floats:
        """The logits [N, K] that choose a class; of two, by how much the second exceeds the first [N]."""
        outputs, _unused = self._outputs(X)
        return self._chooser().decided(outputs)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """The accuracy: the share of examples whose label, or all of whose labels, are right."""
        outputs, _unused = self._outputs(X)
        labels = self.labels_
        truth = labels.encode(self._arranged_labels(y), what=called(y))
        refuse_unequal(truth, len(outputs))
        right = self._chooser().chosen(outputs) == truth
        known = truth >= 0 if truth.ndim == 1 else (truth >= 0).all(axis=1)
        right = right if right.ndim == 1 else right.all(axis=1)
        if not known.any():
            raise InputError(_("y holds no label: expected at least one to compare with"))
        weight = np.ones(len(right)) if sample_weight is None else np.asarray(sample_weight, dtype=np.float64)
        if weight.shape != right.shape:
            raise InputError(
                _(
                    "sample_weight has shape {shape}: expected a weight per example, {expected}",
                    shape=weight.shape,
                    expected=right.shape,
                )
            )
        return float(np.average(right[known], weights=weight[known]))

    def _chooser(self) -> ClassObjective | LabelObjective:
        objective = self._fitted().objective
        assert isinstance(objective, ClassObjective | LabelObjective)
        return objective
