"""What the page of a transcriber shows of a test part."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd

from recurra.data.encoders.spelling import tidy
from recurra.data.examples.ragged import Ragged
from recurra.evaluation.transcripts.error_rates import confused_words, error_counts
from recurra.formatting import count
from recurra.language import _, mark
from recurra.report import Card, Deferred
from recurra.report.panels import Aligned
from recurra.report.panels.alignment import END_SIGN
from recurra.report.panels.spoken import Spoken
from recurra.tasks.speech.model import Transcript, TranscriptionModel
from recurra.tasks.spoken.utterances import Utterances
from recurra.tasks.studied import Tested

PANELS = ("cards", "methods", "spoken", "alignment", "confused words", "mistakes", "training", "memory")
_SHOWN = 4  # recordings whose spectrograms are drawn
_HARDEST = 12
_ALIGNED, _UNITS = 2, 32  # pictures of attention, and units of one
_SHORT = 4.0  # seconds of a recording of which each half has a label
_LONGEST = 12.0  # seconds of a recording that is drawn


def panel_data(tested: Tested, normal: Ragged) -> dict[str, Any]:
    """Cards, the recordings that are drawn, the words that are confused and the recordings with most errors.

    `normal` are the frames as the networks read them.
    """
    data: Utterances = tested.data
    found: Sequence[Transcript] = tested.produced
    truth = [tidy(text or "") for text in data.texts]
    said = [each.text for each in found]
    wrong = error_counts([text.split() for text in truth], [text.split() for text in said])
    share = wrong[:, :3].sum(axis=1) / np.maximum(wrong[:, 3], 1)
    kind = data.recordings.kind
    return {
        "cards": _cards(data, wrong),
        "spoken": Deferred(lambda: _drawn(data, found, truth, share)),
        "alignments": Deferred(lambda: attended(tested.model, normal, found)) if tested.model.attends else (),
        "features_called": mark("log-mel band") if kind is not None else mark("feature"),
        "confused": Deferred(lambda: confused_words(truth, said)),
        "hardest": Deferred(lambda: _hardest(data, found, truth, share)),
        "mistakes_called": mark("Recordings with the most errors"),
    }


def _cards(data: Utterances, wrong: np.ndarray) -> list[Card]:
    minutes = data.recordings.seconds.sum() / 60
    cards = [
        Card(
            _("evaluated on"),
            count(len(data), "recording"),
            _("{minutes:.1f} minutes, {words:,} words", minutes=minutes, words=int(wrong[:, 3].sum())),
        )
    ]
    if data.speakers is not None:
        cards.append(Card(_("speakers"), f"{len(np.unique(data.speakers)):,}", _("of the test part")))
    return cards


def _drawn(data: Utterances, found: Sequence[Transcript], truth: Sequence[str], share: np.ndarray) -> list[Spoken]:
    """Two that are right, of the longest ones that can be read, and two that are wrong."""
    seconds = data.recordings.seconds
    order = [int(k) for k in np.argsort(-seconds, kind="stable") if seconds[k] <= _LONGEST]
    right = [k for k in order if share[k] == 0][: _SHOWN // 2]
    wrong = [k for k in order if share[k] > 0][: _SHOWN - len(right)]
    chosen = right + wrong or order[:_SHOWN]
    kind = data.recordings.kind
    return [
        Spoken(
            data.recordings.names[k],
            data.recordings.frames[k],
            kind.hop if kind is not None else 0.01,
            [(word.text, word.start, word.end, word.confidence) for word in found[k].words],
            truth[k],
        )
        for k in chosen
    ]


def attended(model: TranscriptionModel, normal: Ragged, found: Sequence[Transcript]) -> list[Aligned]:
    """What each unit attended to, of the longest texts that can be read."""
    second = model.reader.frame_seconds
    fit = [k for k, each in enumerate(found) if 1 < len(each.units) <= _UNITS and len(normal[k]) * second <= _LONGEST]
    chosen = sorted(fit, key=lambda k: (-len(found[k].units), k))[:_ALIGNED]
    drawn = []
    for k in chosen:
        units = found[k].units
        shares = model.attention(normal[k], units)
        times = [f"{second * step:.2f}" for step in range(shares.shape[1])]
        names = [model.spelling.names[unit].replace(" ", "\u2423") for unit in units]
        between = 0.5 if second * len(times) <= _SHORT else 2.0
        labelled = [round(at / second) for at in np.arange(0.0, second * (len(times) - 1), between)]
        for step in labelled:
            times[step] = f"{second * step:.1f}"
        drawn.append(Aligned(found[k].text, times, [*names, END_SIGN], shares, labelled, _("seconds")))
    return drawn


def _hardest(data: Utterances, found: Sequence[Transcript], truth: Sequence[str], share: np.ndarray) -> pd.DataFrame:
    chosen = [int(k) for k in np.argsort(-share, kind="stable")[:_HARDEST] if share[k] > 0]
    return pd.DataFrame(
        {
            "example": [data.recordings.names[k] for k in chosen],
            "truth": [truth[k] for k in chosen],
            "predicted": [found[k].text or _("(nothing)") for k in chosen],
            "probability": [found[k].confidence for k in chosen],
        }
    )
