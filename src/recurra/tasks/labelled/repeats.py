"""Test examples that were learnt from as well: counted, reported, and the scores without them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from recurra.data.encoders.reader import TOKENS, Encoded, Reader
from recurra.data.encoders.tokens import SymbolEncoder, TextEncoder
from recurra.data.examples.containment import contained, related_groups
from recurra.data.examples.examples import Examples
from recurra.data.examples.fingerprints import fingerprints
from recurra.data.examples.ragged import Ragged
from recurra.evaluation.shared.evaluation import Evaluation
from recurra.formatting import count
from recurra.language import _, several
from recurra.methods import method_name
from recurra.options import option
from recurra.scores import shown_as
from recurra.tasks.labelled.evaluating import evaluate_model
from recurra.tasks.labelled.model import SequenceModel

Ints = npt.NDArray[np.int64]
Bools = npt.NDArray[np.bool_]

_WORDS, _LETTERS = 4, 20  # steps below which one sequence within another says nothing
_PHRASE = 3  # words from which a phrase is kept with its sentence where a part is held out
_STEPS = 5_000_000  # of all sequences beyond which only equal examples are looked for
_TELLING, _FEW = 0.1, 10  # of the test part that overlaps, from which on it is said; and at least so many
_SOME = 0.02  # of the examples that repeat others, from which on they are held out together
_DRAWS = 200


@dataclass(frozen=True, eq=False)
class Repeats:
    """Which examples of a test part are learnt from too: `equal` [N] (`exactly` so), or `within` [N] one or around it.

    `pairs` [P, 2] are numbers of a test and of a training example that repeat one another, some of many.
    """

    equal: Bools
    exactly: Bools
    within: Bools
    pairs: Ints


def find_repeats(
    learnt: Examples, learnt_encoded: Encoded, later: Examples, encoded: Encoded, reader: Reader
) -> Repeats:
    """The examples `later` that are among those `learnt`, or that share a sequence with one."""
    known, own = fingerprints(learnt), fingerprints(later)
    exact = np.isin(fingerprints(later, exact=True), fingerprints(learnt, exact=True))
    order = np.argsort(known, kind="stable")
    at = np.minimum(np.searchsorted(known[order], own), len(known) - 1)
    equal = known[order][at] == own
    pairs = [np.stack([np.flatnonzero(equal), order[at[equal]]], axis=1)]
    within = np.zeros(len(later), dtype=bool)
    for name, least in _token_inputs(reader, _WORDS, _LETTERS).items():
        ours, theirs = encoded[name], learnt_encoded[name]
        assert isinstance(ours, Ragged)
        assert isinstance(theirs, Ragged)
        if len(ours.values) + len(theirs.values) > _STEPS:
            continue
        inner, outer = contained(ours, theirs, least)
        pairs.append(np.stack([inner, outer], axis=1))
        same = np.unique(inner)
        within[_equal_to(ours, same)] = True
        inner, outer = contained(theirs, ours, least)
        pairs.append(np.stack([outer, inner], axis=1))
        within[outer] = True
    return Repeats(equal, exact, within & ~equal, np.concatenate(pairs).astype(np.int64))


def with_repeats(
    evaluation: Evaluation,
    repeats: Repeats,
    model: SequenceModel,
    encoded: Encoded,
    truth: npt.NDArray | Ragged,
    outputs: npt.NDArray,
    *,
    given: bool = False,
) -> Evaluation:
    """The evaluation with what is to be said of repeated examples, and the scores of the others.

    `given`: the test part was the user's choice, and no grouping would change it.
    """
    total, same, overlapping = len(repeats.equal), int(repeats.equal.sum()), int(repeats.within.sum())
    share = origin = _("remove them from one of the two")
    if not given:  # groups keep together what is still to be divided
        share = _("pass {groups} with what they share, or remove them", groups=option("groups"))
        origin = _("pass {groups} with what names where they come from", groups=option("groups"))
    notes = []
    size = count(total, "test example")
    if same:
        exactly = int((repeats.equal & repeats.exactly).sum())
        alike = ""
        if exactly != same:
            alike = _(" ({n:,} of them but for case, blanks and punctuation)", n=same - exactly)
        notes.append(
            several(
                "{n} of {size} is also in the training part{alike}: {advice}.",
                "{n} of {size} are also in the training part{alike}: {advice}.",
                same,
                size=size,
                alike=alike,
                advice=share,
            )
        )
    told = overlapping >= max(_FEW, _TELLING * total)
    if told:
        notes.append(
            _(
                "{n:,} of {size} share a passage with the training part, one within the other, as phrases of one "
                "sentence do: {advice}.",
                n=overlapping,
                size=size,
                advice=origin,
            )
        )
    if not notes:
        return evaluation
    fresh = np.flatnonzero(~(repeats.equal | (repeats.within & told)))
    return _with_fresh(evaluation, notes, fresh, model, encoded, truth, outputs)


def with_seen(
    evaluation: Evaluation,
    seen: Bools,
    model: SequenceModel,
    encoded: Encoded,
    truth: npt.NDArray | Ragged,
    outputs: npt.NDArray,
) -> Evaluation:
    """The evaluation with what is to be said where a fitted model is evaluated on what it was trained on."""
    same, total = int(seen.sum()), len(seen)
    if not same:
        return evaluation
    if same == total:
        which = _("All {examples} are among those that the model was trained on", examples=count(total, "example"))
    else:
        which = several(
            "{n} of {examples} is among those that the model was trained on",
            "{n} of {examples} are among those that the model was trained on",
            same,
            examples=count(total, "example"),
        )
    note = _("{which}: on them the scores say what it remembers, not how well it will do on new data.", which=which)
    return _with_fresh(evaluation, [note], np.flatnonzero(~seen), model, encoded, truth, outputs)


def held_out_groups(examples: Examples, encoded: Encoded, reader: Reader) -> Ints | None:
    """What must be held out together [N], so that nothing held out is known; None where hardly any example repeats."""
    prints = fingerprints(examples)
    sequences = []
    for name, least in _token_inputs(reader, _PHRASE, _LETTERS).items():
        column = encoded[name]
        assert isinstance(column, Ragged)
        if len(column.values) <= _STEPS:
            sequences.append((column, least))
    groups = related_groups(sequences, prints)
    sizes = np.bincount(groups)
    return groups if (sizes[groups] > 1).mean() >= _SOME else None


def _with_fresh(
    evaluation: Evaluation,
    notes: list[str],
    fresh: Ints,
    model: SequenceModel,
    encoded: Encoded,
    truth: npt.NDArray | Ragged,
    outputs: npt.NDArray,
) -> Evaluation:
    """Notes and, of the examples `fresh`, the scores, where any of them has a label."""
    if not len(fresh) or not _any_known(truth, fresh):
        return replace(evaluation, notes=(*evaluation.notes, *notes))
    part: Encoded = {name: column.take(fresh) for name, column in encoded.items()}
    own = Ragged(outputs, truth.offsets).take(fresh).values if isinstance(truth, Ragged) else outputs[fresh]
    theirs = truth.take(fresh) if isinstance(truth, Ragged) else truth[fresh]
    table = evaluate_model(model, part, theirs, outputs=own, draws=_DRAWS, leading=evaluation.leading).table
    name, ours = evaluation.leading, str(evaluation.table.index[0])
    best = evaluation.verdict.best_baseline
    scores = table[name].to_dict()
    note = _(
        "Without them ({examples}): {score} {value}, {method} {other}.",
        examples=count(len(fresh), "example"),
        score=_(name),
        value=shown_as(name).text(float(scores[ours])),
        method=method_name(best),
        other=shown_as(name).text(float(scores[best])),
    )
    return replace(evaluation, notes=(*evaluation.notes, *notes, note), unseen=table)


def _any_known(truth: npt.NDArray | Ragged, numbers: Ints) -> bool:
    values: Any = truth.take(numbers).values if isinstance(truth, Ragged) else truth[numbers]
    return bool((np.isfinite(values) if values.dtype.kind == "f" else values >= 0).any())


def _token_inputs(reader: Reader, words: int, letters: int) -> dict[str, int]:
    """The inputs of tokens, and the steps from which one within another is no chance."""
    found = {}
    for name, encoder in reader.encoders.items():
        if isinstance(encoder, TOKENS):
            narrow = isinstance(encoder, SymbolEncoder) or (
                isinstance(encoder, TextEncoder) and encoder.level == "characters"
            )
            found[name] = letters if narrow else words
    return found


def _equal_to(tokens: Ragged, numbers: Ints) -> Ints:
    """The sequences that are equal to one of these."""
    chosen = {tokens[k].tobytes() for k in numbers.tolist()}
    return np.array([k for k in range(len(tokens)) if tokens[k].tobytes() in chosen], dtype=np.int64)
