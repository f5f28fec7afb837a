"""The contract of estimators with files (`tasks.estimator`) for labelled sequences."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.examples.cells import describe
from recurra.data.examples.examples import Examples, keep_rows
from recurra.data.examples.understanding import Roles
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted, require_columns
from recurra.deploy.exported import Exported
from recurra.errors import InputError
from recurra.evaluation.shared.evaluation import Evaluation
from recurra.evaluation.shared.watching import Promise
from recurra.language import _, listing
from recurra.objectives.objective import Objective
from recurra.options import option
from recurra.report import ReportContent
from recurra.tasks.digests import examples_digest
from recurra.tasks.estimator import Done, Evaluated, Insight, Later, Prepared, Scores, nobody
from recurra.tasks.fitted import INTERRUPTED, UNFINISHED, FittedEstimator, check_share
from recurra.tasks.labelled.exported import exported
from recurra.tasks.labelled.holdout import HoldoutResult
from recurra.tasks.labelled.looking import insight_of
from recurra.tasks.labelled.model import SequenceModel
from recurra.tasks.labelled.parts import ChosenParts, choose_parts, examples_facts, names_of, tested_words
from recurra.tasks.labelled.printed import LabelledPreview
from recurra.tasks.labelled.reading import (
    LaterExamples,
    gathered_of,
    later_examples,
    later_texts,
    open_test,
    text_names,
    understand,
)
from recurra.tasks.labelled.remarks import group_notes, title_of
from recurra.tasks.labelled.report import ReportedLabels
from recurra.tasks.labelled.results import evaluation_frame, predicted_frames
from recurra.tasks.labelled.row_refusals import LabelledRows, refuse_unknown
from recurra.tasks.labelled.slots import LabelledSlots
from recurra.tasks.labelled.streaming import LabelledStream, LabelledStreams
from recurra.tasks.labelled.watching import watched
from recurra.tasks.opened import Opened, open_examples
from recurra.tasks.printed import scores_of
from recurra.tasks.slots import Slots
from recurra.tasks.watching import Watched, watched_windows
from recurra.training import Run

Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class FileStudy:
    """A file as it is learnt from: the parts of its columns, which examples are the test part, and its rows."""

    parts: ChosenParts
    roles: Roles
    frame: pd.DataFrame
    share: float
    allow_leak: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class Studied:
    """What a page on a study says beside what the estimator knows."""

    parts: ChosenParts
    facts: list[Fact]
    notes: list[str]


class LabelledEstimator(ReportedLabels, FittedEstimator):
    """Abstract: learns examples X with labels y, and files of them."""

    OBJECTIVES: ClassVar[tuple[type[Objective], ...]]  # what it learns: the first that takes the labels

    optional: Any
    empty: str
    model_: SequenceModel
    labels_: Any
    holdout_: HoldoutResult
    roles_: Roles | None = None  # of the columns of the file that it was fitted to, by which later files are read
    understood_: list[Fact]  # of the file that `study_file` learnt from
    studied_: Studied
    promise_: Promise | None = None  # of the test part, which later examples are held to

    study: Callable[..., Evaluation]  # learns from a part of the examples, and is evaluated on the rest

    @abstractmethod
    def evaluate(self, X: Any, y: Any, *, groups: Any = None) -> Evaluation:
        """Evaluate the fitted model on examples with known labels."""

    def objective_of(self, y: Any) -> type[Objective]:
        """What is learnt of such labels."""
        return next((each for each in self.OBJECTIVES if each.takes(y)), self.OBJECTIVES[-1])

    def exported(self, *, network_alone: bool = False) -> Exported:
        """A row in, its label and probabilities or numbers out; of tags also a step."""
        return exported(self.model_)

    def read_file(self, file: str, reading: Mapping[str, Any], columns: Mapping[str, Any] | None = None) -> Opened:
        """The rows of a file of examples."""
        if columns is None:
            return open_examples(file, reading, text=later_texts(self.model_, self.roles_))
        return open_examples(file, reading, text=text_names(columns, self.task.target))

    def prepare(
        self,
        opened: Opened,
        *,
        test: str | Path | None = None,
        share: float = 0.2,
        allow_leak: Sequence[str] | None = None,
        **columns: Any,
    ) -> Prepared:
        """The examples of a file by its columns; the test part is `test`, another file, or a `share` of them.

        Inputs that are missing in some examples are added to `optional`. `allow_leak` names inputs to learn from
        although they are the label under another name.
        """
        check_share(share)
        target, test = self.task.target, None if test is None else str(test)
        roles, found = understand(opened, target, **columns)
        if test is not None and roles.split is not None:
            raise InputError(
                _(
                    "{test_option} {test} and the column {split!r} both say what to evaluate on: omit "
                    "{test_option}, or ignore the column with {ignore_option}",
                    test_option=option("test"),
                    test=test,
                    split=roles.split,
                    ignore_option=option("ignore", roles.split),
                )
            )
        self.optional = tuple(dict.fromkeys((*self.optional, *roles.optional)))
        ways: dict[str, Any] = {"tags": target.per_step, "optional": self.optional}
        gathered = gathered_of(opened, roles, **ways)
        require_columns(self.optional, list(gathered.examples.kinds), _("the inputs"), option("optional"))
        stay = keep_rows(gathered.examples, empty=self.empty, optional=self.optional)  # names the rows of the file
        tested = None if test is None else open_test(test, opened, roles, **ways)
        kept = {"empty": self.empty, "optional": self.optional}
        objective = self.objective_of(gathered.labels)
        parts, how = choose_parts(gathered, opened, tested, roles, share, objective, kept)
        facts = [*opened.facts, *found, *examples_facts(gathered, labelled=not target.per_step)]
        dropped = np.setdiff1d(np.arange(len(gathered.examples)), stay).tolist()
        if dropped:
            facts.append(Fact("dropped", _("{rows}, without a step", rows=describe(dropped)), option("empty")))
        facts += how
        study = FileStudy(parts, roles, opened.frame, share, tuple(allow_leak or ()))
        return Prepared(study, facts, examples_digest(*parts.everything), {"test": test, "share": share})

    def learn(self, prepared: Prepared, *, run: Run | None = None) -> Evaluation:
        """Train and evaluate; `roles_` are those of the file from then on."""
        study: FileStudy = prepared.data
        parts = study.parts
        evaluation = self.study(
            parts.examples, parts.labels, **parts.way, share=study.share, run=run, allow_leak=study.allow_leak
        )
        self.roles_, self.understood_ = study.roles, prepared.facts
        notes = group_notes(study.frame, study.roles, self.holdout_.pairs)
        if self.holdout_.model.interrupted:
            notes.insert(0, INTERRUPTED)
        elif self.model_ is self.holdout_.model and parts.way.get("test") is None:
            notes.insert(0, UNFINISHED)
        self.studied_ = Studied(parts, prepared.facts, notes)
        return evaluation

    def remarks(self) -> list[str]:
        """That training was interrupted, and how examples that repeat one another could be kept together."""
        return self.studied_.notes

    def scores(self) -> Scores:
        """On the test part."""
        return scores_of(
            self.holdout_.evaluation, _("On the test part ({examples})", examples=tested_words(self.holdout_.truth))
        )

    def results(self, **shown: Any) -> pd.DataFrame:
        """A row for each example of the test part."""
        return evaluation_frame(self, self.studied_.parts.ids, self.studied_.parts.rows)

    def file_content(self, *, arguments: Sequence[str] | None = None, **shown: Any) -> ReportContent:
        """The page on a study of a file."""
        studied, roles = self.studied_, self.roles_
        assert roles is not None
        return self.content(
            title=title_of(self.model_.objective, roles),
            target=listing(roles.label[:3]) + (", ..." if len(roles.label) > 3 else ""),
            facts=[*studied.facts, *self.facts()],
            rows=studied.parts.rows,
            notes=studied.notes,
            arguments=arguments,
        )

    def later(self, opened: Opened) -> Later:
        """The examples of a later file, with or without labels."""
        found = later_examples(self.model_, self.roles_, opened)
        facts = [*opened.facts, *examples_facts(found.gathered, labelled=False)]
        return Later(found, facts, opened.name, opened.source, len(found.gathered.examples))

    def predictions(self, later: Later | None, *, done: Done = nobody, **shown: Any) -> Iterator[pd.DataFrame]:
        """A row for each example."""
        found = _examples_of(later)
        yield from predicted_frames(self, found.gathered.examples, _ids(found), done)

    def preview(self) -> LabelledPreview:
        """The first predictions, and how often each class was said."""
        return LabelledPreview(tallied=self.model_.objective.tallied)

    def evaluated(self, later: Later, **shown: Any) -> Evaluated:
        """By the labels of the file, which is read as the one that was learnt from."""
        found = _examples_of(later)
        opened, gathered, roles = found.opened, found.gathered, found.roles
        if not roles.label:
            raise InputError(
                _(
                    "this model does not know which column of {source} holds the label, since it was not "
                    "fitted to a file: use recurra.load(...).evaluate(X, y) in Python",
                    source=opened.source,
                )
            )
        require_columns(roles.label, [str(name) for name in opened.frame.columns], opened.source, "")
        labels, groups, objective = gathered.labels, gathered.groups, self.model_.objective
        assert labels is not None
        if bool(np.all(labels.isna())):
            raise InputError(
                _(
                    "column {label!r} of {source} holds no label: there is nothing to compare with",
                    label=roles.label[0],
                    source=opened.source,
                )
            )
        optional = self.model_.recipe.optional
        tested = LabelledRows.of(gathered, opened.source, empty=self.empty, optional=optional)
        refuse_unknown(type(objective), self.labels_, tested)
        kept = tested.rows
        facts = [*opened.facts, *examples_facts(gathered, labelled=not objective.per_step)]
        if left_out := len(gathered.examples) - len(kept):
            facts.append(Fact("left out", _("{examples} without a step", examples=counted(left_out, "example"))))
        evaluation = self.evaluate(tested.examples, tested.labels, groups=None if groups is None else groups[kept])
        return Evaluated(
            facts,
            scores_of(
                evaluation,
                _("On {source} ({examples})", source=opened.source, examples=tested_words(self.holdout_.truth)),
            ),
            evaluation_frame(self, _ids(found), kept),
            partial(self.content, facts=facts, target=listing(roles.label), rows=kept),
            rows=kept,
        )

    def watched(self, later: Later, *, alpha: float = 0.05, rate: float | None = None) -> Watched:
        """Whether the model still holds on later examples with labels, in the order of time or of the file.

        `alpha` is the probability at most with which a model that holds is ever called broken. Raises InputError with
        `rate`: anomalies are found in series that are forecast.
        """
        if rate is not None:
            raise InputError(_("anomalies need forecasts, and a {kind} makes none: omit the option", kind=self.KIND))
        if self.promise_ is None:
            watched_windows(None, pd.DataFrame(), alpha=alpha, noun="")
        evaluated, found = self.evaluated(later), _examples_of(later)
        frame = found.opened.frame
        if len(frame) != len(found.gathered.examples):  # a row for each step
            frame = pd.DataFrame(index=range(len(found.gathered.examples)))
        return watched(
            self.promise_,
            self.holdout_,
            frame,
            evaluated.rows,
            found.roles,
            evaluated.frame,
            evaluated.facts,
            alpha=alpha,
        )

    def stream(self, *, beside: Any = None) -> LabelledStream:
        """A sequence that goes on a step at a time, and what is predicted of it so far: see `LabelledStreams`.

        `beside` is a mapping of the inputs that are no sequence to their values. Raises InputError with the reason
        where the model cannot go on so.

        >>> stream = SequenceTagger(network={"bidirectional": False}).fit(X, y).stream()  # doctest: +SKIP
        >>> stream.step("A"), stream.step("B")  # doctest: +SKIP
        """
        return LabelledStream(self._fitted(), self.KIND, beside, self.promise_)

    def streams(self, n: int, *, beside: Any = None) -> LabelledStreams:
        """`n` sequences, each of which goes on a step at a time; `beside` holds n values for each input."""
        return LabelledStreams(self._fitted(), self.KIND, n, beside, self.promise_)

    def slots(self, count: int, levels: Sequence[float]) -> Slots:
        """Sequences that begin empty."""
        return LabelledSlots(self.streams(count), self._fitted().objective)

    def insight(self, later: Later | None, *, step: int | None = None, done: Done = nobody) -> Insight:
        """Of some examples of the file."""
        found = _examples_of(later)
        if not self.model_.objective.per_step:
            self._refuse_step(step)
        assert later is not None
        every: Examples = found.gathered.examples
        return insight_of(self.model_, every, _ids(found), empty=self.empty, step=step, facts=later.facts, done=done)


def _examples_of(later: Later | None) -> LaterExamples:
    if later is None:
        raise InputError(_("this model keeps no data: give the file that holds the examples"))
    return later.data


def _ids(found: LaterExamples) -> tuple[str, npt.NDArray[Any]] | None:
    return names_of(found.gathered, found.opened, found.roles)
