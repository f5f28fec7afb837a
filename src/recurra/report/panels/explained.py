"""What spoke for a prediction: the sequence itself, each token with its attribution, set as words or in blocks of ten.

Attributions become levels, -5 (strongly against) to 5 (strongly for), by their share of the largest of the example.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, ClassVar

import numpy as np
import pandas as pd

from recurra.errors import InputError
from recurra.formatting import NumberStyle, percent, style_of_range, style_of_sizes
from recurra.language import _, listing, mark
from recurra.report.blocks import Details, Html, Plot, Section, Text
from recurra.report.frames import empty
from recurra.report.panels.explained_series import series_plot
from recurra.report.panels.panel import Panel
from recurra.report.rendering import fragment
from recurra.report.texts import labelled, shortened, text_of

LEVELS = 5
UNMARKED = 0.08  # of the largest attribution: what is weaker is left without colour
BLOCK = 10
WORDS, SYMBOLS = 220, 420  # of one example that are shown
AROUND = 6  # words shown on both sides of a strong one
TOKEN, TAG = 60, 30  # letters of one token, of one tag
OPEN = 4  # examples; the others are folded
WRITINGS = ("words", "symbols")
CHOSEN = ("example", "truth", "predicted", "probability")
EXPLAINED = ("example", "step", "token", "attribution")
SERIES = ("example", "step", "feature", "value", "attribution")


@dataclass(frozen=True, eq=False)
class Explained(Panel):
    """Some predictions, with what each part of the example added to them.

    chosen: example [number], truth, predicted, probability; optionally `why` (what it was chosen for), `focus` (the
        step whose tag is explained). Missing values are not shown.
    explained: example [number in `chosen`], step [from 1], token, attribution; of tags also truth and predicted of the
        step; optionally `after`, what stands between this token and the next, a space without it, and `input`, the
        column that a token is of: several are shown one below the other.
    explained_series: the same for numeric series: example, step, feature, value, attribution.
    writing: "words", or "symbols" (residues, bases: a letter is a step), how the tokens are set.
    explanation: a sentence on what an attribution is. numeric: whether numbers are predicted, which are neither right
        nor wrong.
    """

    chosen: pd.DataFrame
    explained: pd.DataFrame = field(default_factory=lambda: empty(EXPLAINED))
    explained_series: pd.DataFrame = field(default_factory=lambda: empty(SERIES))
    writing: str = "words"
    explanation: str = ""
    numeric: bool = False

    title: ClassVar[str] = mark("Explained predictions")
    COLUMNS: ClassVar = {"chosen": CHOSEN, "explained": EXPLAINED, "explained_series": SERIES}

    def check(self) -> None:
        if self.writing not in WRITINGS:
            raise InputError(
                _(
                    "writing is {writing!r}: expected one of {writings}",
                    writing=self.writing,
                    writings=listing(map(repr, WRITINGS)),
                )
            )
        lone = set(self.explained["example"]).union(self.explained_series["example"]) - set(self.chosen["example"])
        if lone:
            raise InputError(
                _(
                    "chosen has no row for the explained example {lone}: give its truth and prediction",
                    lone=min(map(str, lone)),
                )
            )

    def section(self) -> Section | None:
        examples, series = explained_examples(self), explained_series(self)
        if not examples and not series:
            return None
        by_step = bool(series) and not examples
        if self.numeric:
            step, part = _("How much each step moved the prediction."), _("How much each part moved the prediction.")
            what = step if by_step else part
        elif by_step:
            what = _("How much each step moved the prediction towards the predicted class.")
        else:
            what = _("How much each part moved the prediction towards the predicted class.")
        blocks: list[Any] = [Text(f"{what} {self.explanation}")]
        if examples:
            low, high = (_("lowers it"), _("raises it")) if self.numeric else (_("contradicts it"), _("supports it"))
            blocks.append(Html(fragment("examples.html.j2", legend=(low, high), examples=examples[:OPEN])))
            if len(examples) > OPEN:
                more = Html(fragment("examples.html.j2", legend=None, examples=examples[OPEN:]))
                blocks.append(Details(_("{n} more", n=len(examples) - OPEN), [more]))
        for place, (outcome, plot) in enumerate(series):
            label = _(
                "The series of example {number} and what each step of it added to the prediction", number=outcome.number
            )
            blocks.append(Html(fragment("outcome.html.j2", said=outcome)))
            blocks.append(Plot(f"series-{place}", label, plot.figure, plot.height))
        return Section("why", _(self.title), blocks)


@dataclass(frozen=True)
class Token:
    """One step as it is shown: `level` gives its colour, `after` stands behind it, `hover` says its exact value."""

    text: str
    level: int
    hover: str
    after: str
    truth: str
    predicted: str
    wrong: bool
    focus: bool


@dataclass(frozen=True)
class Piece:
    """Neighbouring tokens, or, where `left_out` is positive, as many that are not shown. `start` counts from 1."""

    start: int
    tokens: list[Token]
    left_out: int = 0


@dataclass(frozen=True)
class Outcome:
    """What was predicted of an example, and why it is shown; what is not known is ""."""

    number: str
    why: str
    truth: str
    predicted: str
    probability: str
    right: bool | None


@dataclass(frozen=True)
class Reading:
    """One input of an example; `name` is "" where it is the only one. `symbols`: in blocks of ten, else as words."""

    name: str
    pieces: list[Piece]
    symbols: bool


@dataclass(frozen=True)
class Example:
    """One example with its attributions, input by input; `tagged`: it has tags."""

    outcome: Outcome
    inputs: list[Reading]
    tagged: bool
    tags_right: str


def explained_examples(panel: Explained) -> list[Example]:
    """The chosen examples that have tokens, in the order of `chosen`."""
    if not len(panel.explained):
        return []
    tokens = dict(list(panel.explained.groupby("example", sort=False)))
    rows = [row for row in panel.chosen.to_dict("records") if row["example"] in tokens]
    return [_example(panel, row, tokens[row["example"]].sort_values("step", kind="stable")) for row in rows]


def explained_series(panel: Explained) -> list[tuple[Outcome, Any]]:
    """The chosen examples that have series, in the order of `chosen`, each with its plot."""
    if not len(panel.explained_series):
        return []
    parts = dict(list(panel.explained_series.groupby("example", sort=False)))
    rows = [row for row in panel.chosen.to_dict("records") if row["example"] in parts]
    return [(outcome_of(panel, row), series_plot(parts[row["example"]])) for row in rows]


def outcome_of(panel: Explained, row: dict) -> Outcome:
    """What a row of `chosen` says."""
    numeric = panel.numeric
    style = style_of_range(panel.chosen[["truth", "predicted"]].to_numpy(dtype=np.float64)) if numeric else None
    truth, predicted = (labelled(row[name], style) for name in ("truth", "predicted"))
    known = bool(truth and predicted) and not numeric
    return Outcome(
        number=text_of(row["example"]),
        why=text_of(row.get("why")),
        truth=shortened(truth, 80),
        predicted=shortened(predicted, 80),
        probability=percent(float(row["probability"])) if text_of(row["probability"]) else "",
        right=truth == predicted if known else None,
    )


def levels(attribution: np.ndarray) -> np.ndarray:
    """The level of each attribution, -5 to 5; 0 for what is weak or not finite."""
    values = np.where(np.isfinite(attribution), attribution, 0.0)
    largest = np.abs(values).max(initial=0.0)
    share = values / largest if largest > 0 else values
    return np.where(np.abs(share) < UNMARKED, 0, np.sign(share) * np.ceil(LEVELS * np.abs(share) - 1e-9)).astype(int)


def kept(attribution: np.ndarray, limit: int, around: int = AROUND) -> np.ndarray:
    """Which of many steps to show: the first, then those around the strongest, at most about `limit`."""
    size = np.abs(np.where(np.isfinite(attribution), attribution, 0.0))
    shown = np.ones(len(size), dtype=bool)
    if len(size) <= limit:
        return shown
    shown[:] = False
    shown[: limit // 4] = True
    for place in np.argsort(-size, kind="stable").tolist():
        if shown.sum() >= limit:
            break
        shown[max(0, place - around) : place + around + 1] = True
    return shown


def _example(panel: Explained, row: dict, frame: pd.DataFrame) -> Example:
    tagged = {"truth", "predicted"} <= set(frame.columns) and bool(frame["predicted"].notna().any())
    tokens = _tokens(frame, tagged, text_of(row.get("focus")))
    attribution = frame["attribution"].to_numpy(dtype=np.float64, na_value=np.nan)
    # Colours are those of the whole example, so that the inputs can be compared.
    names = frame["input"].map(text_of) if "input" in frame.columns else pd.Series("", index=frame.index)
    several = names.nunique() > 1
    inputs = []
    for name in names.unique():
        places = np.flatnonzero((names == name).to_numpy())
        mine = [tokens[place] for place in places]
        inputs.append(_reading(shortened(name, 60) if several else "", mine, attribution[places], panel, tagged))
    known = [token for token in tokens if token.truth]
    right = sum(not token.wrong for token in known)
    return Example(
        outcome=outcome_of(panel, row),
        inputs=inputs,
        tagged=tagged,
        tags_right=_(
            "{right} of {all} steps right ({share})",
            right=f"{right:,}",
            all=f"{len(known):,}",
            share=percent(right / len(known)),
        )
        if tagged and known
        else "",
    )


def _reading(name: str, tokens: list[Token], attribution: np.ndarray, panel: Explained, tagged: bool) -> Reading:
    letters = all(_narrow(token.text) for token in tokens)
    tags = not tagged or all(_narrow(tag) for token in tokens for tag in (token.truth or "-", token.predicted))
    symbols = panel.writing == "symbols" and letters and tags
    return Reading(name, _blocks(tokens, attribution) if symbols else _passages(tokens, attribution), symbols)


def _tokens(frame: pd.DataFrame, tagged: bool, focus: str) -> list[Token]:
    attribution = frame["attribution"].to_numpy(dtype=np.float64, na_value=np.nan)
    style = style_of_sizes(attribution, 3)
    after = (
        frame["after"].where(frame["after"].notna(), " ").map(str) if "after" in frame.columns else [" "] * len(frame)
    )
    nothing = [""] * len(frame)
    truth, predicted = (frame[name].map(text_of) if tagged else nothing for name in ("truth", "predicted"))
    columns = zip(
        frame["token"].map(text_of),
        levels(attribution).tolist(),
        attribution.tolist(),
        frame["step"],
        after,
        truth,
        predicted,
        strict=True,
    )
    focus = focus.removesuffix(".0")
    return [
        Token(
            text=_visible(token),
            level=level,
            hover=_("step {step}: {value}", step=step, value=_signed(style, value)),
            after=behind,
            truth=shortened(true, TAG),
            predicted=shortened(said, TAG),
            wrong=true != said,
            focus=bool(focus) and str(step) == focus,
        )
        for token, level, value, step, behind, true, said in columns
    ]


def _passages(tokens: list[Token], attribution: np.ndarray) -> list[Piece]:
    shown = kept(attribution, WORDS)
    pieces, start = [], 0
    for visible, run in groupby(shown.tolist()):
        n = len(list(run))
        pieces.append(Piece(start + 1, tokens[start : start + n] if visible else [], 0 if visible else n))
        start += n
    return pieces


def _blocks(tokens: list[Token], attribution: np.ndarray) -> list[Piece]:
    """Blocks of ten letters; of a very long sequence the blocks with the strongest attributions."""
    starts = np.arange(0, len(tokens), BLOCK)
    size = np.abs(np.where(np.isfinite(attribution), attribution, 0.0))
    strongest = np.maximum.reduceat(size, starts) if len(starts) else size
    pieces = []
    for visible, run in groupby(
        zip(starts.tolist(), kept(strongest, SYMBOLS // BLOCK, 1).tolist(), strict=True), lambda part: part[1]
    ):
        places = [place for place, _unused in run]
        if visible:
            pieces += [Piece(place + 1, tokens[place : place + BLOCK]) for place in places]
        else:
            pieces.append(Piece(places[0] + 1, [], len(tokens[places[0] : places[-1] + BLOCK])))
    return pieces


def _narrow(text: str) -> bool:
    return len(text) == 1 and unicodedata.east_asian_width(text) not in "WF"


def _visible(token: str) -> str:
    if token.isspace():
        return "↵" if "\n" in token else "␣"
    return shortened(token, TOKEN) or "∅"


def _signed(style: NumberStyle, value: float) -> str:
    text = style.text(value)
    return f"+{text}" if value > 0 else text
