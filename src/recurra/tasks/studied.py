"""The base of an estimator of a new task: it trains on a part of a file and is evaluated on the rest, beside baselines.

A task writes what is specific to it: how rows are read (`_gathered`), which of them are the test part (`_split`), how
a model is trained (`_trained`), its baselines (`_with_baselines`) and how it is evaluated (`_evaluated`); what its page
and its files show; and how a network is built again from a model file (`_network`). Everything else is here: the study,
its checkpoints and interruptions, the commands on later files, the model file.

What is learnt from is a `Dataset` of the task's own; what was learnt is a frozen dataclass `MODEL`, whose field
`members` are the networks of an ensemble and all of whose other fields are kept in the model file as they are.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, Protocol, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from torch import nn

from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted
from recurra.deploy.keeping import Keeper, Opener, refusing
from recurra.deploy.model_file import Contents
from recurra.deploy.seen import Seen
from recurra.ensemble.members import Member
from recurra.errors import InputError
from recurra.evaluation.shared.evaluation import Evaluation
from recurra.language import _
from recurra.options import option
from recurra.report import ReportContent
from recurra.tasks.estimator import Done, Evaluated, Later, Prepared, Scores, nobody
from recurra.tasks.fitted import INTERRUPTED, UNFINISHED, FittedEstimator, check_share
from recurra.tasks.memory import memory_data
from recurra.tasks.opened import Opened, open_examples
from recurra.tasks.page import evaluation_data, page_content
from recurra.tasks.printed import scores_of
from recurra.training import Run
from recurra.training.progress import following

Ints = npt.NDArray[np.int64]


class Dataset(Protocol):
    """N examples of a task's own kind."""

    def __len__(self) -> int: ...

    def take(self, rows: Ints) -> Self:
        """Some of them."""
        ...

    def digest(self) -> str:
        """Another one wherever a value differs."""
        ...


@dataclass(frozen=True, eq=False)
class Gathered:
    """The examples of a file. `rows` [N] are their row numbers in it, from 0.

    `roles`, a dataclass, says which columns hold what: a later file is read by it. `test` is the test part, where the
    file, or another one, says which examples it has.
    """

    data: Any
    rows: Ints
    roles: Any = None
    facts: list[Fact] = field(default_factory=list)
    test: Gathered | None = None


@dataclass(frozen=True, eq=False)
class Parts:
    """The numbers of the training examples and of those of the test part, and remarks on the split."""

    train: Ints
    test: Ints
    facts: Sequence[Fact] = ()


@dataclass(frozen=True, eq=False)
class Tested:
    """What a model was evaluated on: the model, the examples, its outputs, the evaluation, the row numbers.

    `learnt` are the examples that it was trained on, None of a loaded model.
    """

    model: Any
    data: Any
    produced: Any
    evaluation: Evaluation
    rows: Ints
    learnt: Any = None


@dataclass(frozen=True, eq=False)
class FileStudy:
    """A file as it is learnt from."""

    gathered: Gathered
    parts: Parts | None  # None where the file says what the test part is


class StudiedEstimator(FittedEstimator):
    """Abstract: see the module. `refit`: after the evaluation a model is trained on all examples, and kept."""

    MODEL: ClassVar[type]
    ROLES: ClassVar[tuple[type, ...]] = ()
    ROLES_PART: ClassVar[str] = "roles"  # what a model file calls them
    PANELS: ClassVar[tuple[Any, ...]] = ("cards", "methods", "training", "memory")
    UNKEPT: ClassVar[tuple[str, ...]] = ("members",)  # fields of MODEL that a model file does not keep as they are
    PACKAGES: ClassVar[tuple[str, ...]] = ("torch", "numpy", "pandas")
    UNIT: ClassVar[str] = "example"  # what is counted
    refit: ClassVar[bool] = False

    model_: Any
    holdout_: Tested
    roles_: Any = None
    verdict_: str | None = None
    seen_: Ints | None = None  # fingerprints of what the model was trained on
    understood_: list[Fact]
    notes_: list[str]

    # What is a task's own

    @abstractmethod
    def _gathered(self, opened: Opened, roles: Any, **columns: Any) -> Gathered:
        """The examples of a file, by `roles` where it is a later one, else by the columns that are named or found.

        A later file may lack what is to be predicted.
        """

    @abstractmethod
    def _split(self, data: Any, share: float) -> Parts:
        """Which examples are the test part: about `share` of them."""

    @abstractmethod
    def _trained(self, data: Any, *, run: Run, name: str) -> Any:
        """A model, without baselines; checkpoints and logs are called `name`."""

    @abstractmethod
    def _with_baselines(self, model: Any, data: Any) -> Any:
        """The model with what it is compared with, learnt from the same examples."""

    @abstractmethod
    def _evaluated(self, model: Any, data: Any, rows: Ints, *, done: Done = nobody) -> Tested:
        """Evaluate a model against its baselines on examples whose truth is known."""

    @abstractmethod
    def _frame(self, tested: Tested) -> pd.DataFrame:
        """A row for each example that it was tested on: the file of results."""

    @abstractmethod
    def _predicted(self, data: Any, rows: Ints, done: Done, **shown: Any) -> Iterator[pd.DataFrame]:
        """A row for each example, some thousand at a time."""

    @classmethod
    @abstractmethod
    def _network(cls, parts: Mapping[str, Any]) -> nn.Module:
        """A fresh network for the fields of a model, weights as they may be."""

    @classmethod
    def _network_at(cls, parts: Mapping[str, Any], number: int) -> nn.Module:
        """The same of the member `number`, where they differ."""
        return cls._network(parts)

    def _settings_of(self, model: Any) -> dict[str, Any]:
        """The constructor's arguments with which a model was made: those of its recipe, and others of a task's own."""
        return {each.name: getattr(model.recipe, each.name) for each in fields(model.recipe)}

    @abstractmethod
    def _title(self) -> str:
        """What the page is called."""

    def _panel_data(self, tested: Tested) -> dict[str, Any]:
        """What the panels need beside the scores."""
        return {}

    def _panels(self, tested: Tested | None) -> Sequence[Any]:
        """The panels of the page, in their order."""
        return self.PANELS

    def _refitted(self, model: Any, data: Any, *, run: Run) -> Any:
        """The model that is kept, trained on all examples after `model` was evaluated."""
        return self._trained(data, run=run, name="training")

    def _seen(self, data: Any) -> Ints | None:
        """Fingerprints of examples, by which a later file is searched for them; None where none are kept."""
        return None

    def _check_opened(self, model: Any) -> None:
        """Raise ModelFileError where the parts of a model file do not belong together."""

    # Learning

    def read_file(self, file: str, reading: Mapping[str, Any], columns: Mapping[str, Any] | None = None) -> Opened:
        """The rows of a file of examples."""
        return open_examples(file, reading, text=self._texts(columns))

    def _texts(self, columns: Mapping[str, Any] | None) -> set[str]:
        """The columns that are text, whatever they look like; `columns` as in `read_file`."""
        return set()

    def prepare(self, opened: Opened, *, share: float = 0.1, **columns: Any) -> Prepared:
        """The examples of a file, and which of them are the test part."""
        check_share(share)
        gathered = self._gathered(opened, None, **columns)
        parts = None if gathered.test is not None else self._split(gathered.data, share)
        facts = [*opened.facts, *gathered.facts, *(() if parts is None else parts.facts)]
        digest = gathered.data.digest() + ("" if gathered.test is None else gathered.test.data.digest())
        return Prepared(FileStudy(gathered, parts), facts, digest, {"share": share})

    def learn(self, prepared: Prepared, *, run: Run | None = None) -> Evaluation:
        """Train and evaluate; `roles_` are those of the file from then on."""
        study: FileStudy = prepared.data
        evaluation = self._study_of(study, run)
        self.roles_, self.understood_ = study.gathered.roles, prepared.facts
        return evaluation

    def _study_of(self, study: FileStudy, run: Run | None) -> Evaluation:
        gathered, parts = study.gathered, study.parts
        if parts is None:
            assert gathered.test is not None
            return self._study(gathered.data, gathered.test.data, gathered.test.rows, None, run)
        data, rows = gathered.data, gathered.rows[parts.test]
        every = data if self.refit else None
        return self._study(data.take(parts.train), data.take(parts.test), rows, every, run)

    def _study(self, learnt: Any, tested: Any, rows: Ints, every: Any, run: Run | None) -> Evaluation:
        """Train on `learnt`, be evaluated on `tested`, whose row numbers are `rows`; then train on `every` example.

        An interrupted training ends at once, and what there is by then is evaluated and kept.
        """
        self._refuse_parts(learnt, tested)
        run = self._run(run, trainings=1 if every is None else 2)
        model = self._trained(learnt, run=run, name="training" if every is None else "study")
        model = self._compared(model, learnt, run)
        self.model_, self.seen_ = model, self._seen(learnt)
        with following(run.progress, _("evaluation"), len(tested)) as progress:
            found = self._evaluated(model, tested, rows, done=lambda done: progress.update(done, ""))
        self.holdout_ = replace(found, learnt=learnt)
        self.verdict_ = found.evaluation.verdict.sentence
        self.notes_ = [_(INTERRUPTED)] if _interrupted(model) else []
        if every is not None and not _interrupted(model):
            whole = self._refitted(model, every, run=run)
            if _interrupted(whole):
                self.notes_ = [_(UNFINISHED)]
            else:
                self.model_, self.seen_ = self._compared(whole, every, run), self._seen(every)
        return found.evaluation

    def _fit_ends(self, model: Any, data: Any) -> Self:
        """Keep what a fit, without a test part, has trained on `data`; what an earlier study found is forgotten."""
        self.model_, self.seen_, self.verdict_ = model, self._seen(data), None
        self.notes_ = [_(INTERRUPTED)] if _interrupted(model) else []
        if hasattr(self, "holdout_"):
            del self.holdout_
        return self

    def _refuse_parts(self, learnt: Any, tested: Any) -> None:
        """Raise InputError, before a training after which nothing of `tested` could be evaluated."""

    def _compared(self, model: Any, data: Any, run: Run) -> Any:
        with following(run.progress, _("baselines"), 1) as progress:
            model = self._with_baselines(model, data)
            progress.update(1, "")
        return model

    def remarks(self) -> list[str]:
        """That the training was interrupted."""
        return self.notes_

    def scores(self) -> Scores:
        """On the test part."""
        number = counted(len(self.holdout_.rows), self.UNIT)
        return scores_of(self.holdout_.evaluation, _("On the test part ({examples})", examples=number))

    def results(self, **shown: Any) -> pd.DataFrame:
        """A row for each example of the test part."""
        return self._frame(self.holdout_)

    # The page

    def file_content(self, *, arguments: Sequence[str] | None = None, **shown: Any) -> ReportContent:
        """The page on a study of a file."""
        return self.content(facts=[*self.understood_, *self.facts()], notes=self.notes_, arguments=arguments)

    def content(self, **head: Any) -> ReportContent:
        """What the page and the picture show: everything after a study or an evaluation, the training after `fit`.

        `head` may hold `title`, `about`, `facts` (instead of those of the model), `notes` and `arguments`.
        """
        model, tested = self._fitted(), getattr(self, "holdout_", None)
        data: dict[str, Any] = {"learning": self.learning(), **memory_data(model.members)}
        if tested is not None:
            data |= {**evaluation_data(tested.evaluation), **self._panel_data(tested)}
        head = {"title": head.pop("title", None) or self._title(), **head}
        return page_content(self, self._panels(tested), data, packages=self.PACKAGES, **head)

    # Later files

    def later(self, opened: Opened) -> Later:
        """The examples of a later file, with or without what is to be predicted."""
        found = self._gathered(opened, self.roles_)
        return Later(found, [*opened.facts, *found.facts], opened.name, opened.source, len(found.data))

    def predictions(self, later: Later | None, *, done: Done = nobody, **shown: Any) -> Iterator[pd.DataFrame]:
        """A row for each example."""
        found = self._later(later)
        yield from self._predicted(found.data, found.rows, done, **shown)

    def evaluated(self, later: Later, **shown: Any) -> Evaluated:
        """By what the file says is true."""
        found = self._later(later)
        self._refuse_unevaluated(found.data, later.source)
        self.holdout_ = self._evaluated(self._fitted(), found.data, found.rows)
        number = counted(len(self.holdout_.rows), self.UNIT)
        title = _("On {source} ({examples})", source=later.source, examples=number)
        content: Callable[..., Any] = partial(self.content, facts=later.facts)
        return Evaluated(later.facts, scores_of(self.holdout_.evaluation, title), self._frame(self.holdout_), content)

    def _refuse_unevaluated(self, data: Any, source: str) -> None:
        """Raise InputError where examples lack the truth to be evaluated by, or the model its baselines."""
        if not self._fitted().baselines:
            raise InputError(_("this model was fitted without baselines: study fits them too, and evaluates it"))

    def _later(self, later: Later | None) -> Gathered:
        if later is None:
            raise InputError(_("this model keeps no data: give the file that holds the examples"))
        return later.data

    # The model file

    def save(self, path: str | Path) -> None:
        """Write the model file, one `.safetensors`; `recurra.load` reads it."""
        from recurra import __version__

        self._write(path, self._contents(__version__))

    def _contents(self, made_by: str) -> Contents:
        model, keeper = self._fitted(), Keeper()
        keeper.ensemble([member.network for member in model.members], made_by=made_by, verdict=self.verdict_)
        keeper.part("model", model, without=self.UNKEPT)
        keeper.part(self.ROLES_PART, self.roles_)
        keeper.part("seen", None if self.seen_ is None else Seen(self.seen_, len(self.seen_)))
        return keeper.contents(self.KIND)

    @classmethod
    def opened(cls, contents: Contents, path: str, network: Callable[..., nn.Module] | None = None) -> Self:
        """The estimator that wrote the `contents` of the file at `path`."""
        with refusing(path, cls.KIND):
            opener = Opener(contents, path, network)

            def members(parts: Mapping[str, Any]) -> tuple[Member[nn.Module], ...]:
                count = range(opener.header.members)
                made = [opener.network(k, partial(cls._network_at, parts, k)) for k in count]
                return tuple(map(Member, made))

            model = opener.part("model", cls.MODEL, given={"members": members})
            estimator = cls()
            estimator.roles_ = opener.optional(cls.ROLES_PART, *cls.ROLES) if cls.ROLES else None
            estimator.set_params(**estimator._settings_of(model))
            estimator._check_opened(model)
            estimator.model_, estimator.verdict_ = model, opener.header.verdict
            seen = opener.optional("seen", Seen)
            estimator.seen_ = None if seen is None else seen.prints
            opener.refuse_more(estimator._contents(opener.header.made_by))
        return estimator


def _interrupted(model: Any) -> bool:
    return any(member.interrupted for member in model.members)


def no_columns(given: Mapping[str, Any]) -> None:
    """Raise InputError for a name of a column that a task does not know."""
    wrong = next((name for name, value in given.items() if value is not None), None)
    if wrong is not None:
        raise InputError(_("{option} is no kind of column of this task", option=option(wrong, given[wrong])))


def single_column(given: Any, name: str) -> str | None:
    """The one column that was named, None where none was. Raises InputError for several."""
    if given is None or isinstance(given, str):
        return given
    names = list(given)
    if len(names) != 1:
        raise InputError(_("{option} names {n} columns: expected one", option=option(name), n=len(names)))
    return str(names[0])
