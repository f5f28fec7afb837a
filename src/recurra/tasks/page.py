"""The page of a fitted estimator: the head that all share, and what every panel of an evaluation needs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from recurra.language import _, mark
from recurra.report import ReportContent
from recurra.tasks.provenance import command_of, fact_rows, now, settings, versions

if TYPE_CHECKING:
    from recurra.data import Fact
    from recurra.evaluation.shared.evaluation import Evaluation

NOT_COMPARED = mark("Not compared with baselines: study(X, y) trains and evaluates.")
PACKAGES = ("torch", "numpy", "pandas", "pyarrow")


def page_content(
    estimator: Any,
    panels: Sequence[Any],
    data: Mapping[str, Any],
    *,
    title: str,
    target: str = "",
    about: str = "",
    facts: Sequence[Fact] | None = None,
    notes: Sequence[str] = (),
    arguments: Sequence[str] | None = None,
    packages: Sequence[str] = PACKAGES,
    untested: str = NOT_COMPARED,
) -> ReportContent:
    """What a page says of an estimator: verdict and notes of what it was last evaluated on, its facts and settings.

    `data` is by the fields of panels; `facts` are those of the estimator unless given; `arguments` those of a command;
    `untested` takes the place of a verdict.
    """
    tested = getattr(estimator, "holdout_", None)
    verdict = None if tested is None else tested.evaluation.verdict
    return ReportContent(
        title=title,
        panels=panels,
        data=data,
        target=target,
        about=about,
        verdict=_(untested) if verdict is None else verdict.sentence,
        better=None if verdict is None else verdict.better,
        created=now(),
        command=command_of(arguments) if arguments is not None else repr(estimator),
        facts=fact_rows(estimator.facts() if facts is None else facts),
        settings=settings(estimator),
        versions=versions(packages),
        notes=[*(() if tested is None else tested.evaluation.notes), *notes],
    )


def evaluation_data(evaluation: Evaluation) -> dict[str, Any]:
    """What the panels "cards" and "methods" need of an evaluation."""
    return evaluation.panel_data()
