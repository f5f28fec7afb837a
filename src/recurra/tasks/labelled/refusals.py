"""What is refused before a network is trained for nothing: tags that do not fit, labels that only the test part has."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from recurra.data.examples.examples import Examples
from recurra.data.examples.inputs import Symbols
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.splits import Parts
from recurra.data.examples.steps import Steps
from recurra.data.labels.label_values import Origin
from recurra.data.schema.names import counted, shown
from recurra.errors import InputError
from recurra.language import _


def steps_to_tag(examples: Examples) -> npt.NDArray[np.int64] | None:
    """Steps of each example [N] where they can be counted before anything is learnt; else None."""
    found = []
    for name, column in examples.columns.items():
        if isinstance(column, Steps):
            found.append(column.values.lengths)
        elif isinstance(column, Ragged):
            found.append(column.lengths)
        elif isinstance(examples.kinds[name], Symbols) and isinstance(column, np.ndarray):
            found.append(np.fromiter((len(text or "") for text in column), np.int64, len(column)))
    return found[0] if len(found) == 1 else None


def refuse_unseen(truth: npt.NDArray | Ragged, names: Sequence[object], parts: Parts, what: Origin) -> None:
    """Raise `InputError` for the first label of the test part that the training part does not have.

    `truth` holds the encoded labels of N examples: class codes [N], a label matrix [N, K], or tags.
    """
    learnt = _occurring(truth, parts.train, len(names))
    later = _occurring(truth, parts.test, len(names))
    unseen = np.flatnonzero(later.any(axis=0) & ~learnt.any(axis=0))
    if len(unseen):
        first, many = int(unseen[0]), int(later[:, unseen].any(axis=1).sum())
        row = what.row(parts.test[later[:, first].argmax()])
        known = shown([repr(names[k]) for k in np.flatnonzero(learnt.any(axis=0)).tolist()])
        raise InputError(
            _(
                "{what} holds {names!r} in row {row} ({rows}), and no example that is learnt from does: "
                "{known}. Split in another way, add examples, or remove these rows",
                what=what,
                names=names[first],
                row=row,
                rows=counted(many, "such row"),
                known=known,
            )
        )


def _occurring(truth: npt.NDArray | Ragged, numbers: npt.NDArray[np.int64], labels: int) -> npt.NDArray[np.bool_]:
    """Which labels each of some examples has [n, K]."""
    found = np.zeros((len(numbers), labels), dtype=bool)
    if isinstance(truth, Ragged):
        part = truth.take(numbers)
        owner = np.repeat(np.arange(len(part)), part.lengths)
        known = part.values >= 0
        found[owner[known], part.values[known]] = True
    elif truth.ndim == 1:
        codes = truth[numbers]
        known = np.flatnonzero(codes >= 0)
        found[known, codes[known]] = True
    else:
        found |= truth[numbers] > 0
    return found
