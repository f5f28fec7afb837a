"""The scores that a task may be evaluated by: what they mean, which way is better, how they are written."""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.formatting import MISSING, NumberStyle, compared_with, percent, span, style_of_sizes
from recurra.language import _, mark
from recurra.methods import method_name

Floats = npt.NDArray[np.float64]

_NOMINAL = re.compile(r"coverage ([\d.]+) ?%")


@dataclass(frozen=True)
class Score:
    """One score. `higher` is better, lower is, or None: not known. `share`: a part of 1, shown in per cent.

    `decimals` is None where the score has the unit of the target. `percent`: it is in per cent already. `relative`: it
    is compared by ratio. `nominal`: what it should be, where neither higher nor lower is better. `top`: where it goes
    from 0 to that and not to 1. `unit`: of its numbers, where they have one of their own.
    """

    name: str
    meaning: str
    higher: bool | None = True
    share: bool = True
    decimals: int | None = 1
    percent: bool = False
    relative: bool = False
    nominal: float | None = None
    top: float = 1.0
    unit: str = ""

    @property
    def heading(self) -> str:
        """Its name with its unit, as a column of a table has it."""
        unit = "%" if (self.share and self.nominal is None) or self.percent else _(self.unit) if self.unit else ""
        return f"{self.title}, {unit}" if unit else self.title

    @property
    def title(self) -> str:
        """Its name in the reader's language."""
        if self.nominal is not None:
            return _("coverage {level} %", level=f"{100 * self.nominal:g}")
        return _(self.name)

    @property
    def better(self) -> str:
        """Which way is better, as a sentence; "" where that is not known."""
        if self.nominal is not None:
            return _("Best where it equals the level of the interval.")
        return "" if self.higher is None else _("Higher is better.") if self.higher else _("Lower is better.")

    def text(self, value: float) -> str:
        """One value as a sentence says it.

        >>> shown_as("accuracy").text(0.5), shown_as("MRR@20").text(0.5), shown_as("BLEU").text(30.0)
        ('50.0 %', '0.500', '30.0')
        """
        if np.isnan(value):
            return _("not defined")
        return percent(value) if self.share else self._plain.text(value)

    def difference_text(self, low: float, high: float) -> str:
        """The interval of a difference as a sentence says it."""
        style, scale = (NumberStyle(1), 100) if self.share else (self._plain, 1)
        ends = {"low": style.text(scale * low, sign=True), "high": style.text(scale * high, sign=True)}
        return _("{low} to {high} points", **ends) if self.share else _("{low} to {high}", **ends)

    def texts(self, values: Floats, *, unit: bool = False) -> list[str]:
        """The values in one style, for a column; `unit` adds the % of a share."""
        if self.share:
            keeps = unit or self.nominal is not None
            return [percent(value + 0.0).removesuffix("" if keeps else " %") for value in np.round(values, 3).tolist()]
        style = self._style(values)
        texts = [style.text(value) for value in values.tolist()]
        return [text if text == MISSING else f"{text} %" for text in texts] if self.percent and unit else texts

    def range_texts(self, low: Floats, high: Floats) -> list[str]:
        """Each interval as `78.2–82.0`; "" where it is not known."""
        ends = self.texts(np.concatenate([low, high]))
        pairs = zip(ends[: len(low)], ends[len(low) :], strict=True)
        return ["" if MISSING in pair else span(*pair) for pair in pairs]

    def best(self, values: Floats) -> list[bool]:
        """Which values are the best as they are *shown*, so that a tie to the eye is a tie."""
        known = np.isfinite(values)
        if (self.higher is None and self.nominal is None) or not known.any():
            return [False] * len(values)
        if self.nominal is not None:
            values = -np.abs(values - self.nominal)
        texts = self.texts(values)
        best = texts[int(np.nanargmax(np.where(known, -values if self.higher is False else values, np.nan)))]
        return [text == best and bool(there) for text, there in zip(texts, known, strict=True)]

    def against(self, ours: float, other: float, method: str) -> str:
        """How far `ours` lies from the score of another method, in words."""
        if self.nominal is not None:
            return _("of the truth was inside")
        method = method_name(method)
        if self.decimals is None or self.relative:
            if not np.isfinite(ours) or other <= 0:
                return f"{method}: {NumberStyle(3).text(other)}"
            return compared_with(ours, other, method, short=True)
        if self.share:
            difference = round(100 * (ours - other), 1)
            size = _("{size} points", size=f"{abs(difference):.1f}")
        else:
            difference = round(ours - other, self.decimals)
            size = f"{abs(difference):.{self.decimals}f}"
        if not difference:
            return _("the same as {method}", method=method)
        if difference > 0:
            return _("{size} higher than {method}", size=size, method=method)
        return _("{size} lower than {method}", size=size, method=method)

    @property
    def _plain(self) -> NumberStyle:
        return NumberStyle(3 if self.decimals is None else self.decimals)

    def _style(self, values: Floats) -> NumberStyle:
        style = style_of_sizes(values)
        return style if self.decimals is None or (self.relative and style.scientific) else NumberStyle(self.decimals)


def _number(
    name: str, meaning: str, *, higher: bool | None = True, decimals: int | None = 3, top: float = 1.0
) -> Score:
    return Score(name, meaning, higher=higher, share=False, decimals=decimals, top=top)


_SCORES = (
    Score(mark("accuracy"), mark("The share of examples (of steps, for tags) whose class was predicted right.")),
    Score(
        mark("balanced accuracy"),
        mark("The share predicted right in each class, averaged, so that rare classes count as much."),
    ),
    Score(
        mark("macro F1"),
        mark("F1, the harmonic mean of precision and recall, of each class, averaged over the classes."),
    ),
    Score(mark("micro F1"), mark("F1 of all labels of all examples taken together.")),
    Score(
        mark("ROC-AUC"),
        mark("How often an example of a class gets a higher probability of it than one of another class."),
    ),
    Score(mark("macro AUC"), mark("ROC-AUC of each label, averaged over the labels.")),
    Score(mark("subset accuracy"), mark("The share of examples with every label right.")),
    Score(mark("Q3"), mark("The share of residues whose state, of three, was predicted right.")),
    Score(mark("Q8"), mark("The share of residues whose state, of eight, was predicted right.")),
    Score(
        mark("WER"),
        mark("The word error rate: words substituted, deleted or inserted, per word of the reference."),
        higher=False,
    ),
    Score(mark("CER"), mark("The character error rate: the same for characters."), higher=False),
    Score(
        mark("MCD"),
        mark("The mel-cepstral distance from the recording in dB, after dynamic time warping, a mean of sentences."),
        higher=False,
        share=False,
        decimals=2,
        unit="dB",
    ),
    Score(
        mark("duration error"),
        mark("By how many milliseconds sounds last longer or shorter than in the recording, on average."),
        higher=False,
        share=False,
        decimals=1,
        unit="ms",
    ),
    Score(
        mark("F0 error"),
        mark("The root mean squared error of the pitch in semitones, where both have a voice."),
        higher=False,
        share=False,
        decimals=2,
        unit=mark("semitones"),
    ),
    Score(
        mark("recogniser error"),
        mark(
            "The share of syllables (characters, phones) that a recogniser, trained on the recordings alone, hears "
            "otherwise."
        ),
        higher=False,
    ),
    Score(mark("exact"), mark("The share of recordings whose whole text is right.")),
    Score(
        mark("calibration error"),
        mark("How far the stated probability lies from the share that is right."),
        higher=False,
    ),
    _number(mark("log loss"), mark("The mean of −log of the probability given to the truth."), higher=False),
    _number(mark("Brier"), mark("The mean squared distance of the probabilities from the truth."), higher=False),
    _number(mark("MAE"), mark("The mean absolute error, in the units of the target."), higher=False, decimals=None),
    _number(
        mark("RMSE"),
        mark("The root of the mean squared error, in the units of the target."),
        higher=False,
        decimals=None,
    ),
    _number(
        mark("R²"), mark("The share of the variance that is predicted; 0 for predicting the mean, 1 for the truth.")
    ),
    _number(mark("Spearman"), mark("The correlation of the ranks of prediction and truth, from −1 to 1.")),
    _number(mark("Pearson"), mark("The linear correlation of prediction and truth, from −1 to 1.")),
    _number(
        mark("BLEU"),
        mark("How many runs of one to four words are those of the reference, from 0 to 100 (sacreBLEU)."),
        decimals=1,
        top=100.0,
    ),
    _number(
        mark("chrF"),
        mark("The same for runs of one to six letters, from 0 to 100 (sacreBLEU)."),
        decimals=1,
        top=100.0,
    ),
    Score(mark("exact match"), mark("The share of translations that are the reference itself.")),
    Score(
        mark("MASE"),
        mark("The mean absolute error, divided by that of the (seasonal) naive forecast on the history."),
        higher=False,
        share=False,
        decimals=3,
        relative=True,
    ),
    Score(
        mark("SPL"),
        mark(
            "The pinball loss over all quantiles, scaled as MASE is: for a forecast without any spread it is the MASE."
        ),
        higher=False,
        share=False,
        decimals=3,
        relative=True,
    ),
    Score(
        mark("MSSE"),
        mark("The mean squared error, divided by the square of what MASE is divided by."),
        higher=False,
        share=False,
        decimals=3,
        relative=True,
    ),
    Score(
        mark("sMAPE"),
        mark("The error in percent of the mean of forecast and truth, from 0 to 200."),
        higher=False,
        share=False,
        decimals=2,
        percent=True,
        relative=True,
    ),
    _number(
        mark("return"),
        mark("The sum of rewards of an episode: the mean of the middle half of all episodes (interquartile mean)."),
        decimals=None,
    ),
    _number(mark("mean return"), mark("The mean over all episodes, the extreme ones included."), decimals=None),
    Score(
        mark("catalogue coverage"),
        mark("The share of all items that were recommended at least once among the first."),
        higher=None,
    ),
    Score(
        mark("popularity bias"),
        mark("How popular proposals are on average: 50 % is the median item, 100 % the most popular one."),
        higher=None,
    ),
    _number(
        mark("CRPS"),
        mark("The error of the whole predicted distribution, intervals included, in the units of the target."),
        higher=False,
        decimals=None,
    ),
    _number(
        mark("nats per character"),
        mark("The mean of −log of the probability given to each character, by all that came before it."),
        higher=False,
    ),
    _number(mark("bits per character"), mark("The same in bits: what a compressor would need."), higher=False),
    _number(
        mark("nats per frame"),
        mark("The sum of −log of the probabilities given to the notes of a frame, by all that came before them."),
        higher=False,
    ),
    _number(mark("bits per frame"), mark("The same in bits: what a compressor would need."), higher=False),
    _number(
        mark("perplexity"),
        mark("The number of equally likely symbols that the method chooses among, on average."),
        higher=False,
        decimals=2,
    ),
    _number(
        mark("discriminative score"),
        mark("How far above chance a recurrent classifier tells generated windows from real ones, 0 to 0.5."),
        higher=False,
    ),
    _number(
        mark("predictive score"),
        mark("The mean absolute error on real rows of a network that learnt generated ones, in spreads of a column."),
        higher=False,
    ),
    _number(
        mark("autocorrelation error"),
        mark("How far the autocorrelation of changes, lags 1 to 5, lies from that of real rows, on average."),
        higher=False,
    ),
    _number(
        mark("cross-correlation error"),
        mark("How far the correlation of the changes of two columns lies from that of real rows, on average."),
        higher=False,
    ),
    _number(mark("spread"), mark("That of a column within a window, as a multiple of the real one's."), higher=None),
    _number(
        mark("nearest"),
        mark("How far the nearest window that was learnt is, as a multiple of what it is from real later ones."),
        higher=None,
    ),
)
_RANKING = {
    "recall": mark("How often the item that came next was ranked among the first {k} of all items."),
    "mrr": mark("The mean of 1 / rank of the item that came next, 0 below the first {k} of all items."),
    "ndcg": mark("The mean of 1 / log2(1 + rank) of the item that came next, 0 below the first {k} of all items."),
}
_AT = re.compile(r"(recall|MRR|NDCG)@(\d+)")
_COVERAGE = mark("The share of the truth that fell inside the interval.")


def _key(name: str) -> str:
    return name.lower().replace("²", "2").replace("-", " ").replace("_", " ").strip()


_NAMED = {score.name: score for score in _SCORES}
_KNOWN = {_key(score.name): score for score in _SCORES} | {
    "auc": _NAMED["ROC-AUC"],
    "expected calibration error": _NAMED["calibration error"],
    "ece": _NAMED["calibration error"],
    "brier score": _NAMED["Brier"],
    "rank correlation": _NAMED["Spearman"],
    "correlation": _NAMED["Pearson"],
}


def score_of(name: object) -> Score | None:
    """The score of that name, however its letters are cased; None for one that is not known."""
    return _KNOWN.get(_key(str(name)))


def shown_as(name: object) -> Score:
    """The score of that name; for an unknown one a plain number without words, of which no value is the best."""
    covered = _NOMINAL.fullmatch(str(name))
    if covered is not None:
        return Score(mark("coverage"), _COVERAGE, higher=None, nominal=float(covered[1]) / 100)
    ranked = _AT.fullmatch(str(name))
    if ranked is not None:
        meaning = _(_RANKING[ranked[1].lower()], k=ranked[2])
        return Score(str(name), meaning) if ranked[1] == "recall" else _number(str(name), meaning)
    return score_of(name) or Score(str(name), "", higher=None, share=False, decimals=3)
