"""What a page of labelled sequences is called, and what is said of a study beside its scores."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.examples.understanding import Roles
from recurra.formatting import joined
from recurra.language import _
from recurra.objectives.objective import Objective
from recurra.options import option

_PAIRS, _FITS = 500, 0.8  # pairs that are looked at, and the share of them that have one value of a column that fits


def group_notes(frame: pd.DataFrame, roles: Roles, pairs: npt.NDArray[np.int64] | None) -> list[str]:
    """The column by which examples that repeat one another could be kept together, if one of the file fits."""
    if pairs is None or not len(pairs) or roles.series is not None or roles.group is not None:
        return []
    used = {*roles.inputs, *roles.label, *roles.static, *roles.features, roles.time, roles.split}
    some = pairs[np.linspace(0, len(pairs) - 1, min(len(pairs), _PAIRS)).astype(np.int64)]
    for name in (str(name) for name in frame.columns if str(name) not in used):
        values = frame[name]
        distinct = values.nunique()
        if values.isna().any() or not 1 < distinct < len(values) / 1.2:
            continue
        cells = values.to_numpy(dtype=object)
        if (cells[some[:, 0]] == cells[some[:, 1]]).mean() >= _FITS and distinct > 4:
            return [
                _(
                    "Examples that repeat one another share their {name}: {option} keeps them together.",
                    name=name,
                    option=option("group", name),
                )
            ]
    return []


def title_of(objective: Objective | type[Objective], roles: Roles) -> str:
    """What the page is called: the task, what is predicted, and from which inputs."""
    made = {"static": roles.static, **({"sequence": roles.features} if roles.features else {})}
    columns = [column for name in roles.inputs for column in made.get(name, (name,))]
    columns = list(dict.fromkeys([*columns, *roles.features, *roles.static]))
    return _(
        "{task}: {target} from {inputs}",
        task=_(objective.title),
        target=_listed(roles.label),
        inputs=_listed(columns) if columns else _("a series"),
    )


def _listed(names: Sequence[str], most: int = 4) -> str:
    """`a, b and c`; of more than `most` the first ones and how many more there are."""
    shown = list(map(str, names))
    return joined(shown if len(shown) <= most else [*shown[: most - 1], _("{n} more", n=len(shown) - most + 1)])
