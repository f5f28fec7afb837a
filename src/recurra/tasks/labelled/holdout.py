"""The test part of a study or an evaluation: what was asked of a model, and what it said."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.examples.examples import Examples
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.understanding import Roles
from recurra.data.schema.facts import Fact
from recurra.evaluation.shared.evaluation import Evaluation
from recurra.tasks.labelled.model import SequenceModel

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class HoldoutResult:
    """What a model was evaluated on: the model, the examples, their encoded labels, its outputs, and the evaluation."""

    model: SequenceModel
    examples: Examples
    truth: npt.NDArray | Ragged
    outputs: Floats
    evaluation: Evaluation
    rows: npt.NDArray[np.int64]  # the numbers of the examples in what was given to test on
    pairs: npt.NDArray[np.int64] | None = None  # [P, 2]: test rows of X, and those that they repeat; None of other data
    learnt: npt.NDArray | Ragged | None = None  # the encoded labels learnt from; None of a loaded model


class FittedExamples(Protocol):
    """An evaluated estimator of labelled sequences, as pages and files of results see it."""

    model_: SequenceModel
    labels_: Any
    holdout_: HoldoutResult
    roles_: Roles | None
    empty: str

    def learning(self) -> pd.DataFrame:
        """The learning curves."""
        ...

    def facts(self) -> list[Fact]:
        """What it decided by itself."""
        ...

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """What it was told."""
        ...
