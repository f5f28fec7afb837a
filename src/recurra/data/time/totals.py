"""Rows of totals among the months, quarters or halves of a year: M13, Q05, "Annual", "Total"."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted, part_of
from recurra.data.time.month_names import folded
from recurra.language import _

PERIOD_CODE = r"M(?:0[1-9]|1[0-3])|Q0[1-5]|S0[1-3]"
_CODES = frozenset({"M13", "Q05", "S03"})
_WORDS = frozenset(
    (
        "annual|annual average|annual mean|annual total|average|avg|mean|total|year|year total|yearly|full year|sum|"
        "ytd|jahr|ganzjahr|gesamt|insgesamt|summe|jahresmittel|jahresdurchschnitt|mittel|annee|annuel|moyenne|ensemble|"
        "anual|promedio|totale|anno|ano|total anual|jaar|totaal|gemiddelde|ar|hela aret|rok|razem|suma|celkem|год|"
        "итого|всего|среднее|yil|toplam|ortalama|合计|合計|总计|全年|年平均|年計|합계|연간"
    ).split("|")
)


def are_totals(texts: pd.Series) -> npt.NDArray[np.bool_]:
    """Which texts [n] name a whole year instead of a part of it."""
    return texts.str.strip().map(lambda text: text in _CODES or folded(str(text)) in _WORDS).to_numpy(dtype=bool)


def without_totals(frame: pd.DataFrame, time: Sequence[str]) -> tuple[pd.DataFrame, list[Fact]]:
    """The rows whose `time` columns name no total, and the fact that others were left out."""
    for name in time:
        column = frame[name] if name in frame else pd.Series(dtype=object)
        if pd.api.types.is_numeric_dtype(column.dtype):
            # A thirteenth month in every year is its mean or sum.
            thirteenth = len(time) > 1 and part_of(name) == "month" and column.max() == 13 and column.min() == 1
            total = (column == 13).to_numpy(dtype=bool, na_value=False) if thirteenth else None
        elif pd.api.types.is_object_dtype(column.dtype) or pd.api.types.is_string_dtype(column.dtype):
            codes, distinct = pd.factorize(column)
            found = np.append(are_totals(pd.Series(np.asarray(distinct, dtype=object)).astype(str)), False)
            total = found[codes] if found.any() and not found[:-1].all() else None
        else:
            total = None
        if total is not None and total.any():
            example = column[total].iloc[0]
            fact = Fact(
                "totals",
                _(
                    "{rows} of whole years ignored ({name} {example})",
                    rows=counted(int(total.sum()), "row"),
                    name=name,
                    example=example,
                ),
                "",
            )
            return frame[~total].reset_index(drop=True), [fact]
    return frame, []
