"""Transcripts as rows of a file: the text, how sure it is, and when each word was said."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.encoders.spelling import tidy
from recurra.data.files.cells_out import cell_text
from recurra.evaluation.transcripts.error_rates import error_counts
from recurra.language import _, mark
from recurra.tasks.estimator import Preview
from recurra.tasks.speech.model import Transcript
from recurra.tasks.spoken.utterances import Utterances

Ints = npt.NDArray[np.int64]

_ROWS = 8


def transcript_frame(data: Utterances, found: Sequence[Transcript], rows: Ints) -> pd.DataFrame:
    """row (from 1), recording, predicted, confidence, times: "0.12-0.40" [s] for each word, in their order."""
    return pd.DataFrame(
        {
            "row": rows + 1,
            "recording": list(data.recordings.names),
            "predicted": [each.text for each in found],
            "confidence": [round(each.confidence, 3) for each in found],
            "times": [" ".join(f"{word.start:.2f}-{word.end:.2f}" for word in each.words) for each in found],
        }
    )


def evaluation_frame(data: Utterances, found: Sequence[Transcript], rows: Ints) -> pd.DataFrame:
    """The same with the truth, and the words that are wrong and that there are."""
    frame = transcript_frame(data, found, rows)
    truth = [tidy(text or "") for text in data.texts]
    counts = error_counts([text.split() for text in truth], [each.text.split() for each in found])
    frame.insert(2, "truth", truth)
    frame["wrong words"] = counts[:, :3].sum(axis=1).astype(int)
    frame["words"] = counts[:, 3].astype(int)
    return cell_text(frame)


class TranscriptPreview(Preview):
    """The first transcripts, and how many recordings nothing was heard in."""

    title = mark("Transcripts")
    OURS: ClassVar[tuple[str, ...]] = (*Preview.OURS, mark("recording"))

    def __init__(self) -> None:
        self._beginning, self._silent = pd.DataFrame(), 0

    def add(self, frame: pd.DataFrame) -> None:
        """Take notice of the next frame."""
        if self._beginning.empty:
            names = [name for name in ("recording", "truth", "predicted", "confidence") if name in frame]
            self._beginning = cell_text(frame[names].head(_ROWS))
        self._silent += int((frame["predicted"] == "").sum())

    def table(self) -> pd.DataFrame:
        """Without the times."""
        return self._beginning

    def lines(self) -> list[str]:
        """How many recordings have an empty transcript."""
        return [_("Recordings without a recognised word: {n:,}.", n=self._silent)] if self._silent else []
