"""What is printed of a generator: the table of scores, and the beginning of what it wrote."""

from __future__ import annotations

import pandas as pd

from recurra.evaluation.generation.evaluation import MODEL, GenerationEvaluation
from recurra.formatting import MISSING
from recurra.language import _, mark
from recurra.report.scores import shown_as
from recurra.tasks.estimator import Preview, Scores

_LETTERS = 600  # of the first sample that are printed


def scores_of(evaluation: GenerationEvaluation, title: str) -> Scores:
    """The table of methods as texts, with the interval of the leading score."""
    leading, table = evaluation.leading, evaluation.table
    found = evaluation.intervals.set_index("method").reindex(table.index)
    between = shown_as(leading).range_texts(*(found[side].to_numpy(dtype=float) for side in ("low", "high")))
    texts = {name: shown_as(name).texts(table[name].to_numpy(dtype=float)) for name in table.columns}
    frame = pd.DataFrame(texts, index=table.index)
    frame.insert(1, "95 % interval", [text or MISSING for text in between])
    return Scores(
        title,
        evaluation.verdict.sentence,
        evaluation.verdict.better,
        frame.rename(index=_).rename_axis("method").reset_index(),
        mark=MODEL,
        importance=("method", leading, "95 % interval"),
        notes=evaluation.notes,
    )


class SamplePreview(Preview):
    """The first sample, as it stands."""

    title = mark("Samples")

    def __init__(self) -> None:
        self._frame = pd.DataFrame()

    def add(self, frame: pd.DataFrame) -> None:
        """Take notice of samples."""
        if self._frame.empty:
            self._frame = frame

    def table(self) -> pd.DataFrame:
        """No table: texts have line ends."""
        return pd.DataFrame()

    def lines(self) -> list[str]:
        """The first sample, and how many more there are."""
        if self._frame.empty:
            return []
        prompt, text = str(self._frame["prompt"].iloc[0]), str(self._frame["text"].iloc[0])
        told = [prompt + text[:_LETTERS] + (" ..." if len(text) > _LETTERS else "")]
        if len(self._frame) > 1:
            told.append(_("({n} more)", n=len(self._frame) - 1))
        return told
