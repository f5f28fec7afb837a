"""What a user gives to an estimator of labelled sequences, put in order: labels by row, options by input."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.encoders.reader import Encoded
from recurra.data.examples.examples import Examples
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.splits import Rows
from recurra.data.labels.label_values import called
from recurra.data.schema.names import counted
from recurra.errors import InputError
from recurra.language import _, listing
from recurra.nn.sequence import SequenceOptions
from recurra.objectives.objective import Objective
from recurra.tasks.labelled.refusals import steps_to_tag
from recurra.tasks.parameters import chosen_options


def refuse_unequal(y: Any, count: int) -> None:
    """Raise `InputError` where there are not as many labels as examples; what is no column is refused elsewhere."""
    if hasattr(y, "__len__") and not isinstance(y, str) and getattr(y, "shape", None) != () and len(y) != count:
        raise InputError(
            _(
                "y has {labels}, and X {examples}: expected a label for each, None where it is not known",
                labels=counted(len(y), "label"),
                examples=counted(count, "example"),
            )
        )


def options_by_input(given: Any, defaults: dict[str, SequenceOptions]) -> dict[str, SequenceOptions]:
    """The options by input: the same were given for all, or each of some inputs its own."""
    if not isinstance(given, Mapping) or not any(isinstance(v, SequenceOptions | Mapping) for v in given.values()):
        return {name: chosen_options(given, default) for name, default in defaults.items()}
    wrong = next((name for name in given if name not in defaults), None)
    if wrong is not None:
        raise InputError(
            _(
                "network names {wrong!r}, which is no input: expected some of {join}",
                wrong=wrong,
                join=listing(defaults),
            )
        )
    return {name: chosen_options(given.get(name), default) for name, default in defaults.items()}


def rows_of(y: Any, numbers: npt.NDArray[np.int64]) -> Any:
    """Some rows of the labels, whatever holds them."""
    if isinstance(y, pd.DataFrame | pd.Series):
        return y.iloc[numbers]
    return y[numbers] if isinstance(y, np.ndarray) else [y[k] for k in numbers]


def steps_of(encoded: Encoded) -> Ragged:
    """The sequence whose steps have labels. Raises `InputError` unless there is exactly one."""
    sequences = [column for column in encoded.values() if isinstance(column, Ragged)]
    if len(sequences) != 1:
        raise InputError(
            _(
                "the inputs {join} hold {n_sequences} sequences: expected exactly one, whose steps are "
                "tagged; name it with inputs=",
                join=listing(map(repr, encoded)),
                n_sequences=len(sequences),
            )
        )
    return sequences[0]


def whole_truth(kind: type[Objective], labels: Any, y: Any, examples: Examples, rows: Rows) -> npt.NDArray | Ragged:
    """Labels as numbers before the examples are encoded; a refusal names the row of what was given."""
    return kind.encode(labels, y, steps_to_tag(examples) if kind.per_step else None, what=called(y, rows))
