"""A text split by time into training and test part, and a model evaluated on it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from recurra.data.text.alphabet import REPLACED, refuse_poor
from recurra.errors import InputError
from recurra.evaluation.generation.evaluation import evaluate_likelihood
from recurra.evaluation.generation.memorised import copied_share, known_share
from recurra.evaluation.shared.evaluation import MODEL, Evaluation
from recurra.evaluation.shared.verdict import Verdict
from recurra.formatting import NumberStyle, percent
from recurra.language import _
from recurra.methods import method_in_sentence
from recurra.options import option
from recurra.tasks.generate.kinds import KINDS, Kind
from recurra.tasks.generate.model import NETWORK, NOTHING, RUN, TextModel

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.floating]

LEAST = 2_000  # characters, to be learnt from and evaluated on
_STRANGE = 0.5  # share of symbols from which on a text is of other letters
_KNOWN = 0.05  # share of a text that was learnt, beyond which it is said


@dataclass(frozen=True)
class TextParts:
    """Training part, test part, and whether that was another file."""

    learnt: str
    judge: str
    given: bool


def split_text(text: str, share: float, test: str | None, window: int) -> TextParts:
    """The last `share` of a text is the test part, from a line end on where there is one near; else `test` does.

    Raises InputError for a text too short, or of one symbol.
    """
    if not 0 < share < 1:
        raise InputError(
            _("{share} leaves a part empty: expected a number between 0 and 1, as 0.1", share=option("share", share))
        )
    refuse_poor(text, max(LEAST, 4 * window))
    if test is not None:
        if len(test) < 2:
            raise InputError(_("the test text is empty: expected some characters to evaluate on"))
        return TextParts(text, test, True)
    cut = int((1 - share) * len(text))
    line = text.find("\n", cut, cut + 200)
    cut = line + 1 if line >= 0 else cut
    if cut < LEAST // 2 or len(text) - cut < LEAST // 20:
        raise InputError(
            _(
                "{share} leaves {cut:,} characters in one of the two parts: give another share, or a longer text",
                share=option("share", share),
                cut=min(cut, len(text) - cut),
            )
        )
    return TextParts(text[:cut], text[cut:], False)


def evaluate_text(model: TextModel, text: str) -> tuple[Evaluation, Ints]:
    """A model evaluated on a text that it has not seen, and the text as symbols."""
    symbols = model.alphabet.encode(text)
    if not len(symbols):
        raise InputError(_("the text to evaluate on is empty: expected some characters"))
    unknown = int((symbols == 0).sum())
    if unknown > _STRANGE * len(symbols):
        raise InputError(
            _(
                "{share} of the {all:,} symbols never occur in the training text: expected a text of the same letters",
                share=percent(unknown / len(symbols)),
                all=len(symbols),
            )
        )
    kind = KINDS[model.kind]
    found = model.surprise(symbols)
    named = {MODEL: found.pop("mixture"), **found}
    notes = []
    if unknown:
        notes.append(
            _(
                "{unknown:,} of {all:,} symbols ({share}) do not occur in the training text and "
                "count as unknown; a method has to predict that one comes, not which.",
                unknown=unknown,
                all=len(symbols),
                share=percent(unknown / len(symbols)),
            )
        )
    known = known_share(symbols, model.prints, RUN)
    if known > _KNOWN:
        notes.append(
            _(
                "About {share} of this text occurs in the training text: the scores are too good.",
                share=percent(known, 0),
            )
        )
    weights = kind.weights(model.alphabet, symbols)
    if model.blend.stacked:
        notes.append(_of_both(named, float(weights.sum()), kind))
    least = min(float(each.sum()) for name, each in named.items() if name not in (MODEL, NETWORK))
    if float(named[NETWORK].sum()) > least:
        notes.append(
            _(
                "The network alone, which writes the samples, is worse than n-grams here: train it "
                "longer ({epochs}) or on more data.",
                epochs=option("epochs"),
            )
        )
    useless = model.blend.stacked > 0 and model.blend.network < NOTHING
    if useless:
        notes.append(_("The network adds nothing to the n-grams here: its weight in the mixture is 0.00."))
    names = (REPLACED, *model.alphabet.symbols)
    evaluation = evaluate_likelihood(
        named,
        weights,
        [names[number] for number in symbols.tolist()],
        unit=kind.unit,
        beside=NETWORK,
        notes=tuple(notes),
        seed=model.recipe.seed,
    )
    if useless and evaluation.verdict.difference < 0:
        evaluation = replace(evaluation, verdict=_of_ngrams(evaluation.verdict))
    return evaluation, symbols


def _of_both(nats: Mapping[str, Floats], size: float, kind: Kind) -> str:
    """Whose score the verdict is about, and whose the samples are, of a text of `size` units."""
    style = NumberStyle(3)
    ours, alone = (style.text(float(nats[name].sum()) / size) for name in (MODEL, NETWORK))
    return _(
        "The verdict is on the network mixed with n-grams ({ours} {score}); the samples are written by the network "
        "alone ({alone}).",
        ours=ours,
        alone=alone,
        score=_(f"nats per {kind.unit}"),
    )


def _of_ngrams(verdict: Verdict) -> Verdict:
    """The verdict where the network has no part in what is better than a baseline."""
    best = verdict.best_baseline
    sentence = _(
        "No better than {method}: the network adds nothing to n-grams (its weight in the mixture is 0.00); "
        "use {method}.",
        method=method_in_sentence(best),
    )
    return replace(verdict, sentence=sentence, better=False, baseline=best, use=best)


def run_of(model: TextModel) -> int:
    """Symbols of a passage that counts as copied."""
    return RUN if model.alphabet.level == "characters" and len(model.alphabet.symbols) < 400 else 10


def real_copies(model: TextModel, judge: Ints, learnt: Ints) -> float:
    """The share of held-out text in passages that stand in the text learnt from."""
    return copied_share(judge, learnt, run_of(model))
