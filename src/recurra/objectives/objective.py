"""The contract of what is learnt: labels as numbers, the loss, the scores, what outputs mean, what to compare with.

An objective is a frozen dataclass of plain values, arrays and its `labels` (`data.labels`, or a codec of your own with
`names`, `encode` and `decode`); a model file keeps it as it is. Everything above asks the objective, and never which
one it is: a new one is a class in a file.

Shapes: N examples (of `per_step` ones N_total steps), K outputs. Truths are what `encode` gives, in which -1 (of whole
numbers) or NaN (of fractions) is missing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from torch import Tensor

from recurra.data.encoders.reader import Fixed
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.splits import strata_of
from recurra.data.labels.label_values import Origin, Y
from recurra.data.schema.facts import Fact
from recurra.evaluation.shared.calibration import Blend
from recurra.evaluation.shared.evaluation import Evaluation
from recurra.language import mark

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]
Truths = npt.NDArray | Ragged
Orders = Mapping[str, Sequence[int]]


class Objective(ABC):
    """What is learnt of labels that were read as `labels`; abstract, its leaves are final."""

    aim: ClassVar[str]  # what it is called: "classes"
    page: ClassVar[str]  # which page shows it: "classification", "labels", "tagging" or "regression"
    title: ClassVar[str]  # what its page is called: "Classification"
    regression: ClassVar[str]  # what its linear models are: "logistic regression"
    per_step: ClassVar[bool] = False  # whether every step has an output
    closed: ClassVar[bool] = True  # whether its labels are a closed set, of which a later one must be a member
    ordered: ClassVar[bool] = False  # whether predictions are more or less wrong, rather than right or wrong
    tallied: ClassVar[bool] = False  # whether it says how often each label was predicted
    centred: ClassVar[bool] = False  # whether outputs lie around a centre other than 0
    explanation: ClassVar[str] = mark(
        "An attribution says how much a step moved the predicted class above the mean of the others, in logits "
        "(integrated gradients of the networks{})."
    )

    labels: Any

    # Labels

    @classmethod
    def takes(cls, y: Any) -> bool:
        """Whether labels are of the form that this objective reads; of several the first that does is taken."""
        return True

    @classmethod
    @abstractmethod
    def read(cls, y: Any, *, what: Origin = Y) -> Any:
        """The codec of labels y. Raises InputError for what is no label, with its row."""

    @classmethod
    @abstractmethod
    def learn(cls, labels: Any, truth: Any, **settings: Any) -> Self:
        """The objective for encoded labels; `settings` are arguments of the estimator."""

    @classmethod
    def encode(cls, labels: Any, y: Any, steps: npt.ArrayLike | None = None, *, what: Origin = Y) -> Any:
        """Labels y as truths; `steps` [N] are the lengths of the sequences, where every step has a label."""
        return labels.encode(y, what=what)

    @classmethod
    def strata(cls, truth: Any) -> npt.NDArray | None:
        """What a random split spreads evenly [N]; None for nothing."""
        return strata_of(truth) if isinstance(truth, np.ndarray) else None

    def settings(self) -> dict[str, Any]:
        """The arguments of the estimator with which the same would be learnt again."""
        return {}

    # Learning

    @property
    def outputs(self) -> int:
        """How many outputs a network has, K."""
        return len(self.labels)

    @abstractmethod
    def targets(self, truth: Any) -> Any:
        """Truths as the loss takes them: int64, or float32 with NaN for what is missing."""

    @abstractmethod
    def loss(self, outputs: Tensor, targets: Tensor) -> Tensor:
        """What training makes small, a scalar: the mean over the known targets of a batch."""

    def held_out(self, outputs: Tensor, targets: Tensor) -> tuple[float, float]:
        """The loss on held-out examples: its sum, and of how many known truths (by weight)."""
        count = float((targets.isfinite() if targets.is_floating_point() else targets >= 0).sum())
        return (float(self.loss(outputs, targets)) * count, count) if count else (0.0, 0.0)

    def compared(self, truth: npt.NDArray) -> npt.NDArray:
        """Truths on the scale of outputs, to which the blend and the linear models are fitted."""
        return truth

    @abstractmethod
    def fit_blend(self, network: Floats, stacked: Floats | None, truth: npt.NDArray) -> Blend:
        """How far to trust the networks' outputs and a linear model's, by `compared` truths of held-out examples."""

    def fit_offset(self, outputs: Floats, truth: npt.NDArray, learnt: npt.NDArray) -> Floats | None:
        """What to add to outputs [N, K] before one is chosen, by held-out truths and those `learnt`; None: nothing."""
        return None

    @property
    def has_words(self) -> bool:
        """Whether labels are words, as a file holds them."""
        return self.closed and any(isinstance(name, str) for name in self.labels.names)

    @property
    def wants_offset(self) -> bool:
        """Whether `fit_offset` may find one."""
        return False

    def choosing(self, offset: Floats | None) -> Self:
        """The same objective with another offset."""
        return self

    # What outputs mean

    @abstractmethod
    def decoded(self, outputs: Floats) -> Floats:
        """Outputs [., K] as they are told: probabilities, or numbers in the targets' own units."""

    @abstractmethod
    def decode(self, outputs: Floats, offsets: Ints | None = None) -> Any:
        """The labels that are predicted, as they were given; of steps those of the sequences that `offsets` cut."""

    def explained(self, outputs: Floats) -> Ints:
        """Of each example the number of the output that is explained [N]."""
        return outputs.argmax(axis=-1)

    # Evaluation

    @abstractmethod
    def evaluate(
        self,
        truth: Any,
        outputs: Floats,
        baselines: Mapping[str, tuple[Floats, Floats | None]],
        *,
        groups: npt.NDArray | None = None,
        leading: str | None = None,
        **way: Any,
    ) -> Evaluation:
        """The networks' outputs evaluated beside those of baselines, each with its offset; `way`: seed and draws."""

    @abstractmethod
    def score(self, name: str, outputs: Floats, truth: npt.NDArray) -> float:
        """One score of outputs [N, K], by its name in the table of the evaluation."""

    # What it is compared with: linear models and constants, whose outputs are on the scale of the networks'

    def constant(self, truth: npt.NDArray) -> tuple[str, Any]:
        """The name of the simplest baseline, and its model of `compared` truths; of examples, not of steps."""
        raise NotImplementedError

    def fit_ngrams(self, tokens: Ragged, truth: npt.NDArray, orders: Sequence[int]) -> Any:
        """A linear model of n-grams of these lengths; of examples, not of steps."""
        raise NotImplementedError

    def fit_summary(self, series: Ragged, truth: npt.NDArray) -> Any:
        """A linear model of what a series does over time."""
        raise NotImplementedError

    def fit_joint(self, inputs: Mapping[str, Ragged | Fixed], truth: npt.NDArray, orders: Orders) -> Any:
        """A linear model of all inputs."""
        raise NotImplementedError

    def fit_steps(
        self, sequence: Ragged, beside: Mapping[str, Fixed], truth: npt.NDArray, features: str
    ) -> list[tuple[str, Any]]:
        """Where every step has an output: the baselines by name, the simplest first; `features` names those beside."""
        raise NotImplementedError

    # In files and on pages

    def facts(self) -> list[Fact]:
        """What was decided about it."""
        return []

    @abstractmethod
    def truth_columns(self, truth: Any, separator: str) -> dict[str, Any]:
        """Columns [N] of the truth in the user's own labels; `separator` stands between several in a cell."""

    @abstractmethod
    def predicted_columns(self, outputs: Floats, offsets: Ints | None, separator: str) -> dict[str, Any]:
        """Columns [N] of outputs: `predicted`, and how sure that is."""

    @abstractmethod
    def right_column(self, outputs: Floats, truth: Any) -> dict[str, Any]:
        """A column [N] that says whether, or how far, predictions are right."""

    @abstractmethod
    def how_wrong(self, outputs: Floats, truth: Any) -> Floats:
        """How wrong each prediction is [N]: above 0 where it is wrong, NaN where no truth is known."""

    @abstractmethod
    def outcome(self, outputs: Floats, truth: Any) -> tuple[Any, Any, Floats]:
        """Truth, prediction and probability (of what was predicted; NaN: none) of each example, to be read."""

    def classes_of(self, truth: Any) -> npt.NDArray | None:
        """What class each example has [N], where it has one."""
        return None

    def counts(self, truth: Any) -> list[tuple[str | None, int]]:
        """How many examples each class has; where there are no classes how many there are."""
        return [(None, len(truth))]

    def values(self, outputs: Floats, truth: Any) -> pd.DataFrame | None:
        """Of numbers truth and predicted, the first of several targets."""
        return None

    # Checks

    def suspect_targets(self, truth: npt.NDArray) -> tuple[Floats, str] | None:
        """What a column may nearly give by itself [N, K], and how near is measured ("R2", "ROC-AUC"); None: nothing."""
        return None

    def flaw(self) -> str | None:
        """What is wrong with an objective that comes from a file: "a spread that is not above 0"; None for nothing."""
        return None
