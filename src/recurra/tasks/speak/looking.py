"""What `insight` finds in a voice: what its networks remember, how long its sounds last, and its melody."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.schema.facts import Fact
from recurra.inspect.several import findings_of
from recurra.language import _
from recurra.tasks.estimator import Insight
from recurra.tasks.memory import memory_sentences, remembered
from recurra.tasks.speak.model import Performance, VoiceModel

Ints = npt.NDArray[np.int64]
Said = Sequence[Sequence[tuple[Ints, Performance]]]

_ROWS, _STRETCH = 12, 0.1  # rows of a table, seconds of a point of the melody


def sounds_of(model: VoiceModel, said: Said) -> pd.DataFrame:
    """A row for each sound of each text: text (from 0), symbol, start [s], end [s], pitch [Hz]."""
    hop, rules = model.vocoder.kind.hop, model.pronunciation
    rows = []
    for number, parts in enumerate(said):
        before = 0
        for symbols, each in parts:
            ends = np.cumsum(each.durations)
            for symbol, end, size in zip(symbols.tolist(), ends.tolist(), each.durations.tolist(), strict=True):
                if symbol < rules.pauses:
                    continue
                own = each.pitch[end - size : end]
                hertz = float(np.median(own[own > 0])) if (own > 0).any() else np.nan
                rows.append((number, rules.names[symbol], (before + end - size) * hop, (before + end) * hop, hertz))
            before += int(each.durations.sum())
    return pd.DataFrame(rows, columns=["text", "symbol", "start", "end", "pitch"])


def insight_of(model: VoiceModel, said: Said, facts: list[Fact]) -> Insight:
    """Of texts as they are said."""
    moved = sounds_of(model, said)
    long = (moved["end"] - moved["start"]).groupby(moved["symbol"])
    table = pd.DataFrame({"count": long.count(), "mean seconds": long.mean()})
    table["mean pitch"] = moved.groupby("symbol")["pitch"].mean()
    table = table.sort_values("mean seconds", ascending=False).head(_ROWS).reset_index()
    stretch = (moved["start"] / _STRETCH).astype(int)
    melody = moved["pitch"].groupby(stretch).mean()
    melody = melody.reindex(range(int(melody.index.max()) + 1)).interpolate(limit_direction="both").fillna(0.0)
    seen = remembered(model.members)
    return Insight(
        facts=facts,
        sentences=memory_sentences(seen),
        findings=list(map(str, findings_of(seen))),
        nothing="",
        tables=[(_("The sounds that are held longest"), table)],
        moved=moved,
        strength={_("pitch"): melody.to_numpy(dtype=np.float64)},
        first=0,
        title=_("Mean pitch (Hz) of the sounds that begin in each tenth of a second"),
        flows=next((watched.flows for watched in seen if watched.flows), None),
    )
