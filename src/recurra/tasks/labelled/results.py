"""What came of a test part, a row per example, and the predictions of any number of examples, a part at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.encoders.reader import step_counts
from recurra.data.examples.examples import Examples, keep_rows
from recurra.data.examples.ragged import Ragged, offsets_of
from recurra.data.files.cells_out import cell_text
from recurra.tasks.labelled.holdout import FittedExamples

AT_ONCE = 20_000  # examples whose predictions are in memory together

Ids = tuple[str, npt.NDArray[Any]] | None


def evaluation_frame(estimator: FittedExamples, ids: Ids, rows: npt.NDArray[np.int64] | None = None) -> pd.DataFrame:
    """row (from 1), what the example is called, truth, predicted, probabilities, right: of what evaluated a model.

    `rows` are the row numbers in the file, from 0, of the examples that they were chosen among; `ids` are those of
    all rows of the file.
    """
    tested, separator = estimator.holdout_, separator_of(estimator)
    objective, truth = tested.model.objective, tested.truth
    offsets = truth.offsets if isinstance(truth, Ragged) else None
    numbers = tested.rows if rows is None else rows[tested.rows]
    columns = {
        "row": numbers + 1,
        **({} if ids is None else {ids[0]: ids[1][numbers]}),
        **objective.truth_columns(truth, separator),
        **objective.predicted_columns(tested.outputs, offsets, separator),
        **objective.right_column(tested.outputs, truth),
    }
    return cell_text(pd.DataFrame(columns))


def predicted_frames(
    estimator: FittedExamples, examples: Examples, ids: Ids, done: Callable[[int], None]
) -> Iterator[pd.DataFrame]:
    """The predictions of examples in parts: row (from 1), what it is called, and the columns of a prediction.

    An example that the model drops (`empty="drop"`) keeps its row, without a prediction. `done` is told how many are.
    """
    usable = np.zeros(len(examples), dtype=bool)
    usable[keep_rows(examples, empty=estimator.empty, optional=estimator.model_.recipe.optional)] = True
    columns = list(_predictions(estimator, examples.take(np.flatnonzero(usable)[:1])))  # of a part without any, too
    for first in range(0, len(examples), AT_ONCE):
        numbers = np.arange(first, min(first + AT_ONCE, len(examples)))
        kept = numbers[usable[numbers]]
        frame = pd.DataFrame({"row": numbers + 1, **({} if ids is None else {ids[0]: ids[1][numbers]})})
        if len(kept):
            yield frame.join(_predictions(estimator, examples.take(kept)).set_axis(kept - first))
        else:
            yield frame.reindex(columns=[*frame, *columns])
        done(int(numbers[-1]) + 1)


def _predictions(estimator: FittedExamples, examples: Examples) -> pd.DataFrame:
    """The columns of a prediction of examples that have a step."""
    model = estimator.model_
    encoded = model.reader.encode(examples)
    offsets = offsets_of(step_counts(encoded)) if model.objective.per_step else None
    return pd.DataFrame(model.objective.predicted_columns(model.outputs(encoded), offsets, separator_of(estimator)))


def separator_of(estimator: FittedExamples) -> str:
    """What stands between the labels of a cell."""
    roles = estimator.roles_
    return (roles.label_separator if roles is not None else None) or ";"
