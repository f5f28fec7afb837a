"""The scores that a labelled task may be judged by: what they mean, which way is better, how they are written."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.formatting import MISSING, NumberStyle, compared_with, percent, span, style_of_sizes

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Score:
    """One score. `higher` is better, lower is, or None: not known. `share`: a part of 1, shown in per cent.

    `decimals` is None where the score has the unit of the target.
    """

    name: str
    meaning: str
    higher: bool | None = True
    share: bool = True
    decimals: int | None = 1

    @property
    def heading(self) -> str:
        """Its name with its unit, as a column of a table has it."""
        return f"{self.name}, %" if self.share else self.name

    def texts(self, values: Floats, *, unit: bool = False) -> list[str]:
        """The values in one style, for a column; `unit` adds the % of a share."""
        if self.share:
            return [percent(value + 0.0).removesuffix("" if unit else " %") for value in np.round(values, 3).tolist()]
        style = self._style(values)
        return [style.text(value) for value in values.tolist()]

    def range_texts(self, low: Floats, high: Floats) -> list[str]:
        """Each interval as `78.2–82.0`; "" where it is not known."""
        ends = self.texts(np.concatenate([low, high]))
        pairs = zip(ends[: len(low)], ends[len(low) :], strict=True)
        return ["" if MISSING in pair else span(*pair) for pair in pairs]

    def best(self, values: Floats) -> list[bool]:
        """Which values are the best as they are *shown*, so that a tie to the eye is a tie."""
        known = np.isfinite(values)
        if self.higher is None or not known.any():
            return [False] * len(values)
        texts = self.texts(values)
        best = texts[int(np.nanargmax(np.where(known, values if self.higher else -values, np.nan)))]
        return [text == best for text in texts]

    def against(self, ours: float, other: float, method: str) -> str:
        """How far `ours` lies from the score of another method, in words."""
        if self.share:
            difference = round(100 * (ours - other), 1)
            size = f"{abs(difference):.1f} points"
        elif self.decimals is None:
            return compared_with(ours, other, method, short=True)
        else:
            difference = round(ours - other, self.decimals)
            size = f"{abs(difference):.{self.decimals}f}"
        return (
            f"{size} {'higher' if difference > 0 else 'lower'} than {method}" if difference else f"the same as {method}"
        )

    def _style(self, values: Floats) -> NumberStyle:
        return style_of_sizes(values) if self.decimals is None else NumberStyle(self.decimals)


def _number(name: str, meaning: str, *, higher: bool = True, decimals: int | None = 3) -> Score:
    return Score(name, meaning, higher=higher, share=False, decimals=decimals)


_SCORES = (
    Score("accuracy", "The share of examples (of steps, for tags) whose class was predicted right."),
    Score(
        "balanced accuracy", "The share predicted right in each class, averaged, so that rare classes count as much."
    ),
    Score("macro F1", "F1, the harmonic mean of precision and recall, of each class, averaged over the classes."),
    Score("micro F1", "F1 of all labels of all examples taken together."),
    Score("ROC-AUC", "How often an example of a class gets a higher probability of it than one of another class."),
    Score("macro AUC", "ROC-AUC of each label, averaged over the labels."),
    Score("subset accuracy", "The share of examples with every label right."),
    Score("Q3", "The share of residues whose state, of three, was predicted right."),
    Score("Q8", "The share of residues whose state, of eight, was predicted right."),
    Score("calibration error", "How far the stated probability lies from the share that is right.", higher=False),
    _number("log loss", "The mean of −log of the probability given to the truth.", higher=False),
    _number("Brier", "The mean squared distance of the probabilities from the truth.", higher=False),
    _number("MAE", "The mean absolute error, in the units of the target.", higher=False, decimals=None),
    _number("RMSE", "The root of the mean squared error, in the units of the target.", higher=False, decimals=None),
    _number("R²", "The share of the variance that is predicted; 0 for predicting the mean, 1 for the truth."),
    _number("Spearman", "The correlation of the ranks of prediction and truth, from −1 to 1."),
    _number("Pearson", "The linear correlation of prediction and truth, from −1 to 1."),
)


def _key(name: str) -> str:
    return name.lower().replace("²", "2").replace("-", " ").replace("_", " ").strip()


_KNOWN = {_key(score.name): score for score in _SCORES} | {
    "auc": _SCORES[4],
    "expected calibration error": _SCORES[9],
    "ece": _SCORES[9],
    "brier score": _SCORES[11],
    "rank correlation": _SCORES[15],
    "correlation": _SCORES[16],
}


def score_of(name: object) -> Score | None:
    """The score of that name, however its letters are cased; None for one that is not known."""
    return _KNOWN.get(_key(str(name)))


def shown_as(name: object) -> Score:
    """The score of that name; for an unknown one a plain number without words, of which no value is the best."""
    return score_of(name) or Score(str(name), "", higher=None, share=False, decimals=3)
