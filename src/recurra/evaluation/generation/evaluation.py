"""A generator evaluated by likelihood: what held-out sequences cost by it and by the baselines, and the verdict.

Symbols that follow one another are surprising together, so the bootstrap draws passages of some hundred.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.evaluation.shared.bootstrap import Score, interval, ratio, resample
from recurra.evaluation.shared.showing import Shown, named_parts
from recurra.evaluation.shared.verdict import Verdict, decide

if TYPE_CHECKING:
    from recurra.report import ReportContent

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]


_PASSAGE = {"character": 200, "frame": 16}  # units drawn together


@dataclass(frozen=True, eq=False, repr=False)
class GenerationEvaluation(Shown):
    """What held-out sequences say of a generator and its baselines.

    `table`: index method, columns nats and bits per character (or frame), perplexity per symbol; `intervals`: method,
    score, low, high (95 %); `surprise`: symbol and nats, of every test symbol; `notes` say what is to be known.
    """

    table: pd.DataFrame
    intervals: pd.DataFrame
    verdict: Verdict
    baselines: tuple[str, ...]
    surprise: pd.DataFrame
    leading: str
    notes: tuple[str, ...] = ()

    def content(self, **head: Any) -> ReportContent:
        """The scores, and what surprised."""
        from recurra.report import ReportContent

        name, sentence, _table, _notes = self._shown()
        data = {
            "table": self.table,
            "intervals": self.intervals,
            "leading": self.leading,
            "baselines": self.baselines,
            "best_baseline": self.verdict.best_baseline,
            "surprise": self.surprise,
        }
        return ReportContent(
            title=head.pop("title", name),
            panels=("cards", "methods", "surprise"),
            data=data,
            verdict=sentence,
            better=self.verdict.better,
            notes=self.notes,
            **head,
        )

    def _shown(self) -> tuple[str, str, pd.DataFrame, str]:
        rest = {"intervals": "95 % of the leading score", "surprise": "what each symbol cost"}
        return f"Evaluation by {self.leading}", self.verdict.sentence, self.table, named_parts(rest)


def evaluate_likelihood(
    nats: Mapping[str, Floats],
    counted: Ints,
    symbols: list[str],
    *,
    unit: str = "character",
    beside: str | None = None,
    notes: tuple[str, ...] = (),
    seed: int = 0,
) -> GenerationEvaluation:
    """Evaluate methods by the cost of each symbol [N]; the first is the model, `beside` a part of it.

    `counted` [N] are the units, characters or frames, that each symbol counts for; the other methods are baselines,
    from the simplest to the most elaborate.
    """
    model = next(iter(nats))
    size, leading = max(1, int(counted.sum())), f"nats per {unit}"
    passage = np.maximum(np.cumsum(counted) - counted, 0) // _PASSAGE[unit]
    _, units = np.unique(passage, return_inverse=True)
    count = int(units.max()) + 1

    def score(each: Floats) -> Score:
        sums = np.stack([np.bincount(units, each, count), np.bincount(units, counted, count)], axis=1)
        return Score(sums, lambda s: ratio(s[..., 0], s[..., 1]))

    scores = {method: score(each) for method, each in nats.items()}
    draws = resample(scores, seed=seed)
    compared = [method for method in nats if method != beside]
    verdict = decide(
        {method: scores[method] for method in compared}, draws, model=model, name=leading, unit="test passage"
    )
    rows = {
        method: {
            leading: each.sum() / size,
            f"bits per {unit}": each.sum() / size / np.log(2),
            "perplexity": float(np.exp(each.mean())),
        }
        for method, each in nats.items()
    }
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index.name = "method"
    ends = [(method, leading, *interval(draws[method])) for method in nats]
    return GenerationEvaluation(
        table,
        pd.DataFrame(ends, columns=["method", "score", "low", "high"]),
        verdict,
        tuple(method for method in compared if method != model),
        pd.DataFrame({"symbol": symbols, "nats": nats[model]}),
        leading,
        notes,
    )
