"""What `insight` finds in a transcriber: what its networks remember, and which words it is least sure of."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from recurra.data.examples.ragged import Ragged
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted
from recurra.inspect import Watched
from recurra.inspect.several import findings_of
from recurra.language import _
from recurra.tasks.estimator import Done, Insight
from recurra.tasks.speech.model import TranscriptionModel
from recurra.tasks.spoken.utterances import Utterances

_MOST, _WORDS = 50, 12


def insight_of(
    model: TranscriptionModel,
    data: Utterances,
    normal: Ragged,
    facts: list[Fact],
    sentences: list[str],
    seen: Sequence[Watched],
    done: Done,
) -> Insight:
    """Of recordings that are spread evenly over those of a file."""
    numbers = np.unique(np.linspace(0, len(data) - 1, min(len(data), _MOST)).astype(np.int64))
    if len(numbers) < len(data):
        told = _("{examples}, spread evenly over the file", examples=counted(len(numbers), "recording"))
        facts = [*facts, Fact("explained", told)]
    rows = []
    for at, number in enumerate(numbers):
        for transcript in model.transcripts(normal.take(numbers[at : at + 1])):
            rows += [
                (int(number) + 1, data.recordings.names[int(number)], word.text, word.start, word.end, word.confidence)
                for word in transcript.words
            ]
        done(at + 1)
    moved = pd.DataFrame(rows, columns=["row", "recording", "word", "start", "end", "confidence"])
    unsure = moved.groupby("word")["confidence"].agg(["count", "mean"]).sort_values("mean").head(_WORDS)
    table = unsure.rename(columns={"count": "occurs", "mean": "mean confidence"}).reset_index()
    by_step = moved.assign(second=moved["start"].astype(int))
    strength = by_step.groupby("second")["confidence"].mean() if len(moved) else pd.Series(dtype=float)
    filled = strength.reindex(range(int(strength.index.max()) + 1)) if len(strength) else strength
    return Insight(
        facts=facts,
        sentences=sentences,
        findings=list(map(str, findings_of(seen))),
        nothing="" if len(moved) else _("No word was recognised in these recordings."),
        tables=[(_("The words that it is least sure of"), table)],
        moved=moved,
        strength={_("confidence"): filled.fillna(0.0).to_numpy(dtype=np.float64)} if len(moved) else {},
        first=0,
        title=_("Mean confidence of the words that begin in each second"),
        flows=next((watched.flows for watched in seen if watched.flows), None),
    )
