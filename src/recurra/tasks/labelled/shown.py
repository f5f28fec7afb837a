"""Which examples of a test part a page shows: the hardest ones, and a few right and wrong ones to be explained."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.examples.examples import Examples
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.steps import Steps
from recurra.formatting import count
from recurra.language import _
from recurra.tasks.labelled.holdout import HoldoutResult

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]

HARDEST, RIGHT, WRONG = 12, 5, 4
_EVENTS = 60  # of an example that stand for it
_LONGEST = 3000  # steps of an example that is explained on a page


def hardest(tested: HoldoutResult, rows: Ints) -> pd.DataFrame:
    """example, truth, predicted, probability: those of which the model thought least that the truth would be.

    Of numbers those of the largest errors; of tags the sequences with the largest share of wrong ones.
    """
    badness = how_wrong(tested)
    wrong = np.flatnonzero(np.isfinite(badness) & (badness > 0))
    chosen = wrong[np.argsort(-badness[wrong], kind="stable")][:HARDEST]
    frame = outcomes(tested, chosen, rows)
    return frame.assign(example=[text_of_example(tested.examples, int(k), int(rows[k])) for k in chosen])


def how_wrong(tested: HoldoutResult) -> Floats:
    """How wrong each prediction is [N]: above 0 where it is wrong, NaN where no truth is known."""
    return tested.model.objective.how_wrong(tested.outputs, tested.truth)


def outcomes(tested: HoldoutResult, chosen: Ints, rows: Ints) -> pd.DataFrame:
    """example (its row in the file, from 1), truth, predicted, probability (of what was predicted) of some examples."""
    if isinstance(tested.truth, Ragged):
        part = tested.truth.take(chosen)
        outputs = Ragged(tested.outputs, tested.truth.offsets).take(chosen).values
    else:
        part, outputs = tested.truth[chosen], tested.outputs[chosen]
    known, said, sure = tested.model.objective.outcome(outputs, part)
    return pd.DataFrame({"example": rows[chosen] + 1, "truth": known, "predicted": said, "probability": sure})


def to_explain(tested: HoldoutResult) -> list[tuple[int, str]]:
    """Numbers of examples and why they are chosen: spread over the classes, typical right ones and the most wrong."""
    badness = how_wrong(tested)
    short = _shown_steps(tested.examples) <= _LONGEST
    known = np.flatnonzero(np.isfinite(badness) & short)
    if not len(known):
        return []
    if tested.model.objective.ordered:
        order = known[np.argsort(badness[known], kind="stable")]
        places = np.unique(np.linspace(0, len(order) - 1, RIGHT + WRONG).round().astype(np.int64))
        return [(int(order[k]), _rank(int(k), len(order))) for k in places]
    classes = tested.model.objective.explained(tested.outputs)
    right = known[badness[known] == 0]
    wrong = known[badness[known] > 0]
    sure = tested.outputs.max(axis=1) - tested.outputs.mean(axis=1)
    typical = right[np.argsort(np.abs(sure[right] - np.median(sure[right])), kind="stable")] if len(right) else right
    worst = wrong[np.argsort(-badness[wrong], kind="stable")]
    return [
        *((k, _("typical correct prediction")) for k in _spread(typical, classes, RIGHT)),
        *((k, _("most confident mistake")) for k in _spread(worst, classes, WRONG)),
    ]


def text_of_example(examples: Examples, number: int, row: int) -> str:
    """What stands for an example: its text, letters or events; of numbers its row in the file."""
    texts, steps = [], ""
    for column in examples.columns.values():
        if isinstance(column, Ragged):
            texts.append(" ".join(map(str, column[number][:_EVENTS])))
        elif isinstance(column, Steps):
            steps = count(int(column.values.lengths[number]), "step")
        elif isinstance(column, np.ndarray) and column[number] is not None:
            texts.append(str(column[number]))
    told = " | ".join(text for text in texts if text)
    if told:
        return told
    return _("row {row:,}: {told}", row=row + 1, told=steps) if steps else _("row {row:,}", row=row + 1)


def _rank(place: int, count: int) -> str:
    share = place / max(count - 1, 1)
    if share in (0, 1):
        return _("furthest from the truth") if share else _("closest to the truth")
    return _("closer to the truth than {share:.0f} % of the others", share=100 * (1 - share))


def _spread(numbers: Ints, classes: Ints, most: int) -> list[int]:
    """The first of each class, then the second of each, and so on."""
    rank = pd.Series(classes[numbers]).groupby(classes[numbers]).cumcount().to_numpy()
    return numbers[np.argsort(rank, kind="stable")][:most].tolist()


def _shown_steps(examples: Examples) -> Ints:
    """Steps of the longest sequence of each example [N]."""
    counts = np.zeros(len(examples), dtype=np.int64)
    for column in examples.columns.values():
        if isinstance(column, Ragged):
            counts = np.maximum(counts, column.lengths)
        elif isinstance(column, Steps):
            counts = np.maximum(counts, column.values.lengths)
        elif isinstance(column, np.ndarray):
            counts = np.maximum(counts, np.fromiter((len(text or "") for text in column), np.int64, len(column)))
    return counts
