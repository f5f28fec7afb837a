"""What the page of a voice shows of a test part: sentences to hear and to see, beside their recordings."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from recurra.evaluation.shared.evaluation import MODEL
from recurra.formatting import count
from recurra.language import _, mark
from recurra.report import Card, Deferred
from recurra.report.panels.spoken import Spoken
from recurra.report.panels.voices import Heard
from recurra.tasks.speak.evaluating import JOINED, Rehearsal, Rendered
from recurra.tasks.speak.model import VoiceModel
from recurra.tasks.spoken.utterances import Utterances
from recurra.tasks.studied import Tested

PANELS = ("cards", "methods", "voices", "mistakes", "training", "memory")
_SHOWN = 3  # sentences that are played
_LONGEST = 6.0  # seconds of one
_HARDEST = 12


def panel_data(tested: Tested) -> dict[str, Any]:
    """Cards, the sentences that are played, and those that the recogniser did not understand."""
    model: VoiceModel = tested.model
    found: Rehearsal = tested.produced
    data: Utterances = tested.data
    again = sum(each.wrong for each in found.again) / max(sum(found.words), 1)
    seconds = sum(int(each.durations.sum()) for each in found.methods[MODEL]) * model.vocoder.kind.hop
    return {
        "cards": [
            Card(_("evaluated on"), count(len(found.symbols), "sentence"), _("{s:.0f} seconds of speech", s=seconds)),
            Card(
                _("recogniser error of the recordings"),
                f"{100 * again:.1f} %",
                _("re-synthesised: the least that can be expected"),
            ),
            Card(_("real-time factor"), f"{found.real_time:.3f}", _("one core's seconds a second of speech")),
        ],
        "voices": Deferred(lambda: _played(model, found, data)),
        "hardest": Deferred(lambda: _hardest(model, found, data)),
        "mistakes_called": mark("Sentences that were understood worst"),
        "mistake_heads": (mark("said"), mark("heard")),
    }


def _played(model: VoiceModel, found: Rehearsal, data: Utterances) -> list[Heard]:
    """The sentences of middle distance among those that are neither short nor long."""
    ours = found.methods[MODEL]
    hop = model.vocoder.kind.hop
    long = np.array([float(each.sum()) * hop for each in found.durations])
    order = np.argsort([each.cepstral for each in ours], kind="stable")
    fit = [int(k) for k in order if 0.8 <= long[k] <= _LONGEST] or [int(k) for k in order]
    chosen = [fit[at] for at in np.unique(np.linspace(0.1, 0.9, _SHOWN) * (len(fit) - 1)).astype(np.int64).tolist()]
    return [_one(model, found, data, k) for k in dict.fromkeys(chosen)]


def _one(model: VoiceModel, found: Rehearsal, data: Utterances, k: int) -> Heard:
    number = int(found.numbers[k])
    ways = [(_("the voice"), found.methods[MODEL][k]), (_("the recording, re-synthesised"), found.again[k])]
    if JOINED in found.methods:
        ways.append((_(JOINED), found.methods[JOINED][k]))
    rate = int(model.vocoder.kind.rate or 0)
    return Heard(
        data.known[number],
        rate,
        [(name, model.samples(each.bands)) for name, each in ways],
        [(name, _drawn(model, found, k, each)) for name, each in ways[:2]],
    )


def _drawn(model: VoiceModel, found: Rehearsal, k: int, each: Rendered) -> Spoken:
    hop, rules = model.vocoder.kind.hop, model.pronunciation
    ends = np.cumsum(each.durations)
    words = [
        (rules.names[symbol], (end - size) * hop, end * hop, float("nan"))
        for symbol, size, end in zip(found.symbols[k].tolist(), each.durations.tolist(), ends.tolist(), strict=True)
        if symbol >= rules.pauses
    ]
    return Spoken("", each.bands, hop, words, "")


def _hardest(model: VoiceModel, found: Rehearsal, data: Utterances) -> pd.DataFrame:
    rules = model.pronunciation
    ours = found.methods[MODEL]
    share = np.array([each.wrong / max(n, 1) for each, n in zip(ours, found.words, strict=True)])
    chosen = [int(k) for k in np.argsort(-share, kind="stable")[:_HARDEST] if share[k] > 0]
    return pd.DataFrame(
        {
            "example": [data.known[int(found.numbers[k])] for k in chosen],
            "truth": [" ".join(rules.words(found.symbols[k])) for k in chosen],
            "predicted": [" ".join(rules.words(ours[k].heard)) or _("(nothing)") for k in chosen],
            "probability": [np.nan for _k in chosen],
        }
    )
