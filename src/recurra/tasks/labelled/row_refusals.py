"""Labels that cannot be evaluated are refused by their row in the user's file, before anything is learnt."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.examples.examples import Examples, keep_rows
from recurra.data.examples.gathering import Gathered
from recurra.data.labels.label_values import Origin, called
from recurra.language import _
from recurra.objectives.objective import Objective
from recurra.tasks.labelled.refusals import steps_to_tag


@dataclass(frozen=True, eq=False)
class LabelledRows:
    """Examples of a file with their labels, and which rows of it they are."""

    examples: Examples
    labels: pd.Series | pd.DataFrame
    rows: npt.NDArray[np.int64]
    name: str  # of the labels, for messages

    @property
    def origin(self) -> Origin:
        """What messages say of the labels."""
        return Origin(self.name, self.rows)

    @staticmethod
    def of(
        gathered: Gathered, source: str, *, empty: str, optional: Collection[str], rows: npt.ArrayLike | None = None
    ) -> LabelledRows:
        """Those of all rows, or of `rows`, that are kept where examples without a step may be dropped."""
        assert gathered.labels is not None
        examples = gathered.examples if rows is None else gathered.examples.take(rows)
        found = keep_rows(examples, empty=empty, optional=optional)
        examples = examples if len(found) == len(examples) else examples.take(found)
        kept = found if rows is None else np.asarray(rows, dtype=np.int64)[found]
        return LabelledRows(
            examples,
            gathered.labels.iloc[kept],
            kept,
            _("{labels} of {source}", labels=called(gathered.labels), source=source),
        )


def refuse_unknown(objective: type[Objective], labels: Any, tested: LabelledRows) -> None:
    """Raise `InputError` for the first label that is none of `labels`, and for what is no label."""
    steps = steps_to_tag(tested.examples) if objective.per_step else None
    objective.encode(labels, tested.labels, steps, what=tested.origin)


def refuse_unseen(objective: type[Objective], learnt: LabelledRows, tested: LabelledRows) -> None:
    """Raise `InputError` for the first label of the test part that no example learnt from has, and for what is none."""
    known = objective.read(learnt.labels, what=learnt.origin)
    for part in (learnt, tested):
        refuse_unknown(objective, known, part)
