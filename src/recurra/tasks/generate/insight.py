"""How far back a generator remembers: what a text costs it when it may look back over so many symbols only."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import torch

from recurra.data.schema.facts import Fact
from recurra.errors import InputError
from recurra.formatting import NumberStyle
from recurra.inspect.several import findings_of
from recurra.language import _
from recurra.tasks.estimator import Insight
from recurra.tasks.generate.model import TextModel
from recurra.tasks.memory import remembered

Ints = npt.NDArray[np.int64]

BACK = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)
_PLACES = 400
_GAIN = 0.01  # nats that a longer memory must gain to count


def insight_of(model: TextModel, text: str | None, facts: list[Fact]) -> Insight:
    """The cost by length of memory, what was seen in training, what is wrong."""
    if text is None:
        raise InputError(
            _("a generator is inspected on a text: give one that it has not learnt, recurra inspect MODEL FILE")
        )
    frame = cost_by_memory(model, model.alphabet.encode(text))
    sentences = []
    if len(frame):
        least = float(frame["nats"].min())
        reach = int(frame.loc[frame["nats"] <= least + _GAIN, "symbols back"].iloc[0])
        style = NumberStyle(2)
        sentences.append(
            _(
                "With {reach} symbols of context it does as well as with more (within 0.01 nats): "
                "{best} nats per symbol; with one symbol {first}.",
                reach=reach,
                best=style.text(least),
                first=style.text(float(frame["nats"].iloc[0])),
            )
        )
    nothing = "" if len(frame) else _("The text is too short to say how far back it remembers.")
    seen = remembered(model.members)
    return Insight(
        facts=facts,
        sentences=sentences,
        findings=[finding.sentence for finding in findings_of(seen)],
        nothing=nothing,
        tables=[(_("What a shorter memory costs"), frame)] if len(frame) else [],
        moved=frame,
        strength={},
        first=0,
        title=_("What the generator remembers"),
    )


@torch.no_grad()
def cost_by_memory(model: TextModel, symbols: Ints) -> pd.DataFrame:
    """`symbols back`, `nats` at the same places of a text, from a state that begins so many symbols before."""
    most = max((back for back in BACK if back <= len(symbols) // 2), default=0)
    if not most:
        return pd.DataFrame({"symbols back": [], "nats": []})
    places = np.unique(np.linspace(most, len(symbols) - 1, _PLACES).astype(np.int64))
    rows = []
    for back in (back for back in BACK if back <= most):
        inputs = torch.from_numpy(symbols[places + np.arange(-back, 0)[:, None]])
        hidden = model.network.read(inputs).hidden[-1]
        p = torch.log_softmax(model.network.output(hidden).double(), dim=1)
        nats = -p[torch.arange(len(places)), torch.from_numpy(symbols[places])]
        rows.append((back, float(nats.mean())))
    return pd.DataFrame(rows, columns=["symbols back", "nats"])
