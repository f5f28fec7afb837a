"""From an evaluated generator to what its page says."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from recurra.data.text.notes import from_text
from recurra.evaluation.generation.memorised import copied_share, passages
from recurra.language import _, mark
from recurra.report import Card, ReportContent
from recurra.report.panels.samples import Copied, Sample
from recurra.report.panels.sounds import Piece
from recurra.tasks.generate.kinds import KINDS
from recurra.tasks.generate.study import real_copies, run_of
from recurra.tasks.memory import memory_data
from recurra.tasks.page import evaluation_data, page_content

Ints = npt.NDArray[np.int64]

PACKAGES = ("torch", "numpy", "pandas", "tokenizers")
PANELS = ("cards", "samples", "sounds", "methods", "surprise", "memorised", "training", "memory")
NOT_COMPARED = mark("Not compared with baselines: study(text) trains and evaluates.")
_BEFORE = 30  # symbols before a passage where it was learnt
_REAL = 800  # characters of real text beside what was made


def report_content(
    estimator: Any,
    *,
    title: str | None = None,
    facts: Any = None,
    notes: Sequence[str] = (),
    arguments: Sequence[str] | None = None,
    samples: Sequence[str] = (),
) -> ReportContent:
    """The page; without an evaluation the training alone."""
    judged = estimator.holdout_
    data: dict[str, Any] = {"learning": estimator.learning(), **memory_data(estimator.model_.members)}
    kind = KINDS[estimator.model_.kind]
    notes_kind = kind.name == "notes"
    if samples and notes_kind:
        data["pieces"] = [Piece(_("Sample {n}", n=k), first_piece(text)) for k, text in enumerate(samples, start=1)]
        if judged is not None:
            data["pieces"].append(Piece(_("Real, for comparison"), first_piece(judged.text), real=True))
    elif samples:
        data["samples"] = [Sample(_("Sample {n}", n=k), text) for k, text in enumerate(samples, start=1)]
    if judged is not None:
        evaluation = judged.evaluation
        data |= {
            **evaluation_data(evaluation),
            "baselines": evaluation.baselines,
            "compared_on": _("Every method is evaluated on the same text, which none of them was fitted to."),
            "real": [Sample(_("Real, for comparison"), judged.text[:_REAL])],
            "cards": [Card(_("evaluated on"), f"{kind.count(judged.text):,}", _(kind.units))],
        }
        if not notes_kind:
            data["surprise"] = evaluation.surprise
        if samples and judged.learnt is not None:
            data |= memorised(estimator, samples, judged.symbols, judged.learnt)
    return page_content(
        estimator,
        PANELS,
        data,
        title=title
        or (_("Music made by a recurrent network") if notes_kind else _("Text made by a recurrent network")),
        about=_("What it was trained on, what it writes, and how likely unseen text is"),
        facts=facts,
        notes=notes,
        arguments=arguments,
        packages=PACKAGES,
        untested=NOT_COMPARED,
    )


def first_piece(text: str) -> list[tuple[int, ...]]:
    """The longest piece of a text of notes: the first is often cut off."""
    return list(max(from_text(text), key=len, default=()))


def memorised(estimator: Any, samples: Sequence[str], judge: Ints, learnt: Ints) -> dict[str, Any]:
    """What of the samples stands in the text learnt from, beside what of the held-out text does."""
    model = estimator.model_
    alphabet, run, shown = model.alphabet, run_of(model), KINDS[model.kind].shown
    made = [alphabet.encode(text) for text in samples]
    shares = [(copied_share(each, learnt, run), len(each)) for each in made if len(each) >= run]
    total = sum(size for _, size in shares)
    found = [(each, passage) for each in made for passage in passages(each, learnt, least=run, most=3)]
    found.sort(key=lambda pair: -pair[1].length)
    copied = [
        Copied(
            shown(alphabet.text(each[passage.place : passage.place + passage.length])),
            passage.length,
            shown(alphabet.text(learnt[max(0, passage.source - _BEFORE) : passage.source])),
        )
        for each, passage in found[:5]
    ]
    return {
        "copied": copied,
        "copied_share": sum(share * size for share, size in shares) / max(1, total),
        "real_share": real_copies(model, judge, learnt),
        "run": run,
        "copies_total": total,
    }
