"""A generator evaluated by likelihood: what held-out sequences cost by it and by the baselines, and the verdict.

Symbols that follow one another are surprising together, so the bootstrap draws passages of some hundred.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.evaluation.shared.bootstrap import Score, ratio
from recurra.evaluation.shared.evaluation import Evaluation, evaluate_scores

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]


_PASSAGE = {"character": 200, "frame": 16}  # units drawn together


def evaluate_likelihood(
    nats: Mapping[str, Floats],
    counted: Ints,
    symbols: list[str],
    *,
    unit: str = "character",
    beside: str | None = None,
    notes: tuple[str, ...] = (),
    seed: int = 0,
) -> Evaluation:
    """Evaluate methods by the cost of each symbol [N] in nats; the first is the model, `beside` a part of it.

    `counted` [N] are the units, characters or frames, that each symbol counts for; the other methods are baselines,
    from the simplest to the most elaborate.
    """
    leading = f"nats per {unit}"
    passage = np.maximum(np.cumsum(counted) - counted, 0) // _PASSAGE[unit]
    _, units = np.unique(passage, return_inverse=True)
    size = int(units.max()) + 1
    lengths, symbols_in = np.bincount(units, counted, size), np.bincount(units, minlength=size)

    def scores(each: Floats) -> dict[str, Score]:
        cost = np.bincount(units, each, size)
        by_unit, by_symbol = np.stack([cost, lengths], axis=1), np.stack([cost, symbols_in], axis=1)
        return {
            leading: Score(by_unit, lambda s: ratio(s[..., 0], s[..., 1])),
            f"bits per {unit}": Score(by_unit, lambda s: ratio(s[..., 0], s[..., 1]) / np.log(2)),
            "perplexity": Score(by_symbol, lambda s: np.exp(ratio(s[..., 0], s[..., 1]))),
        }

    evaluation = evaluate_scores(
        {method: scores(each) for method, each in nats.items()},
        leading=leading,
        parts=() if beside is None else (beside,),
        unit="test passage",
        seed=seed,
    )
    surprise = pd.DataFrame({"symbol": symbols, "nats": next(iter(nats.values()))})
    return replace(evaluation, surprise=surprise, notes=notes)
