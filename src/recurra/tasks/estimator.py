"""What every estimator can do with files, the same for every task: the commands of `recurra` call nothing else.

A file goes through three steps: `read_file` reads its rows, `prepare` detects its columns and chooses the test part,
`learn` trains and evaluates. `study_file` is all three. A later file goes through `read_file` and `later`, and then to
`predictions`, `evaluated` or `insight`.
"""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from copy import deepcopy
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

import numpy as np

from recurra.errors import InputError
from recurra.language import _, mark
from recurra.options import option
from recurra.tasks.parameters import NestedOptions
from recurra.tasks.registry import by_kind
from recurra.training import Run

if TYPE_CHECKING:
    import pandas as pd
    from torch import nn

    from recurra.data.schema.facts import Fact
    from recurra.deploy.exported import Exported
    from recurra.deploy.model_file import Contents
    from recurra.tasks.opened import Opened
    from recurra.tasks.slots import Slots
    from recurra.tasks.task import Task
    from recurra.tasks.watching import Watched

Done = Callable[[int], None]


def nobody(done: int) -> None:
    """Tell nobody how many are done."""


@dataclass(frozen=True, eq=False)
class Prepared:
    """A file as an estimator will learn from it: whatever it needs (`data`), and what was understood.

    `digest` is another one wherever a value differs that a resumed run must find unchanged, and `way` what else it
    must find so.
    """

    data: Any
    facts: list[Fact]
    digest: str
    way: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, eq=False)
class Later:
    """A later file, read as the one that an estimator was fitted to."""

    data: Any
    facts: list[Fact]
    name: str
    source: str
    count: int = 0  # of examples, for a bar

    def __len__(self) -> int:
        return self.count


@dataclass(frozen=True, eq=False)
class Scores:
    """The verdict, and the table of methods as it is printed: texts, our model in the row `mark`.

    `better` is None where neither the model nor the best baseline is.

    Of a table that is too wide those columns go first that `importance` names last, or not at all.
    """

    title: str
    verdict: str
    better: bool | None
    table: pd.DataFrame
    mark: str
    importance: Sequence[str] = ()
    notes: Sequence[str] = ()
    numbers: pd.DataFrame | None = None  # of the table, by method


@dataclass(frozen=True, eq=False)
class Evaluated:
    """What later data says of a model: facts, scores, a row for each prediction, and the content of a page."""

    facts: list[Fact]
    scores: Scores
    frame: pd.DataFrame
    content: Callable[..., Any]  # of title, arguments
    rows: Any = None  # of examples: which of those in the file were evaluated


@dataclass(frozen=True, eq=False)
class Insight:
    """What the networks remember, what is wrong with them, and what moved their predictions.

    `nothing` says why nothing can be seen; `tables` are titles and frames; `moved` is a row per step and feature, or
    what a task says in its place; by feature `strength` is how much usually moves a prediction, a number per step from
    `first` on; `flows` what `recurra.inspect.draw_flow` draws.
    """

    facts: list[Fact]
    sentences: list[str]
    findings: list[str]
    nothing: str
    tables: list[tuple[str, pd.DataFrame]]
    moved: pd.DataFrame
    strength: dict[str, np.ndarray]
    first: int
    title: str
    flows: Any = None
    shows: str = ""  # which of several networks the flows are of


class Preview(ABC):
    """What is shown of predictions that pass by: fed with each frame, it gives a title, a table and lines of text."""

    title: str = mark("Predictions")
    # Columns of the table that are the package's own, whose headings are shown in the reader's language.
    OURS: ClassVar[tuple[str, ...]] = (mark("row"), mark("predicted"), mark("truth"), mark("confidence"))

    @abstractmethod
    def add(self, frame: pd.DataFrame) -> None:
        """Take notice of the next frame."""

    @abstractmethod
    def table(self) -> pd.DataFrame:
        """What is shown."""

    def lines(self) -> list[str]:
        """What is said below it."""
        return []


class Estimator(NestedOptions, ABC):
    """The base of all estimators of Recurra's and of a user's own."""

    KIND: ClassVar[str]  # of its model files, by which its task is found
    keeps_data: ClassVar[bool] = False  # whether it can predict without a file
    # How the cells of its file were read: so are those of later ones.
    reading_: Mapping[str, Any] = MappingProxyType({})
    evaluates_alone: ClassVar[bool] = False  # whether it can be evaluated without a file
    generates: ClassVar[bool] = False  # whether it makes new data, which are not served
    asks: ClassVar[tuple[str, ...]] = ()  # what may be asked of its predictions beyond `levels`: "top", "prompt"
    produces: ClassVar[str] = ""  # the file of its predictions, where that is no table
    sounds: ClassVar[tuple[str, ...]] = ()  # the endings of files that `write` writes

    @property
    def task(self) -> Task:
        """The task that is registered for it. Raises InputError where none is."""
        task = by_kind(self.KIND)
        if task is None:
            raise InputError(
                _("no task is registered for {type}: see recurra.tasks.register", type=type(self).__name__)
            )
        return task

    # Learning from a file

    def study_file(
        self, file: str | Path, *, reading: Mapping[str, Any] | None = None, run: Run | None = None, **columns: Any
    ) -> Any:
        """Learn from a file, or a built-in example ("demo:NAME"), and be evaluated: what the task's command does.

        `columns` are named as the options of the command, and detected where they are not; `reading` is what
        `recurra.read_table` takes. Returns the evaluation; what was understood stands in `understood_`. Raises
        InputError for what cannot be used, with a column or row.
        """
        opened = self.read_file(str(file), reading or {}, columns)
        prepared = self.prepare(opened, **columns)
        self.reading_ = opened.cells
        del opened
        return self.learn(prepared, run=run)

    @abstractmethod
    def read_file(self, file: str, reading: Mapping[str, Any], columns: Mapping[str, Any] | None = None) -> Opened:
        """The rows of a file; `columns` are those that will be named, None for a later file."""

    @abstractmethod
    def prepare(self, opened: Opened, **columns: Any) -> Prepared:
        """What is learnt from a file and what it is tested on, by the columns that are named, else detected."""

    @abstractmethod
    def learn(self, prepared: Prepared, *, run: Run | None = None) -> Any:
        """Train and evaluate; the evaluation."""

    @abstractmethod
    def remarks(self) -> list[str]:
        """What is to be said after `learn`: that training was interrupted, that examples repeat one another."""

    @abstractmethod
    def scores(self) -> Scores:
        """The table of the evaluation that `learn` gave."""

    @abstractmethod
    def results(self, **shown: Any) -> pd.DataFrame:
        """The file of results that `learn` ends with: forecasts, or the predictions of the test part."""

    @abstractmethod
    def file_content(self, *, arguments: Sequence[str] | None = None, **shown: Any) -> Any:
        """The content of the page on the file that `learn` learnt from; `arguments` are those of the command."""

    @abstractmethod
    def facts(self) -> list[Fact]:
        """What the fitted estimator decided by itself, and how to decide otherwise."""

    @abstractmethod
    def learning(self) -> pd.DataFrame:
        """The learning curves: a row per run ("study", "training"), network (`member`) and validation."""

    # Using a later file

    @abstractmethod
    def later(self, opened: Opened) -> Later:
        """A later file, read as the one that it was fitted to."""

    @abstractmethod
    def predictions(self, later: Later | None, *, done: Done = nobody, **shown: Any) -> Iterator[pd.DataFrame]:
        """Predictions in the user's own columns, some thousand rows at a time; `done` is told how many are."""

    def write(
        self, later: Later | None, out: Path, *, done: Done = nobody, see: Callable[[Any], None], **shown: Any
    ) -> None:
        """Write predictions to a file that is no table, such as a sound; `see` is shown the frames that go with it."""
        raise InputError(_("a {kind} writes tables", kind=self.KIND))

    @abstractmethod
    def preview(self) -> Preview:
        """What is shown of predictions."""

    @abstractmethod
    def evaluated(self, later: Later, **shown: Any) -> Evaluated:
        """Evaluate it on later data against the baselines, without training."""

    @abstractmethod
    def insight(self, later: Later | None, *, step: int | None = None, done: Done = nobody) -> Insight:
        """What it remembers, and what moved its predictions; explained is `step`, from 1, or the mean."""

    def _refuse_step(self, step: int | None) -> None:
        """Raise InputError where a step is to be explained, of a model that does not predict one by one."""
        if step is not None:
            raise InputError(
                _(
                    "{option} is about a model that tags every step, and this one does not: leave it out",
                    option=option("step", step),
                )
            )

    # Settings that are searched (`tasks.tuning`)

    def learnt_part(self, data: Any, **columns: Any) -> tuple[Any, str]:
        """What of `data`, or of what was prepared, a study learns from, without its test part; and its digest."""
        raise InputError(_("the settings of a {kind} cannot be searched by Recurra", kind=self.KIND))

    def choices(self, part: Any) -> Mapping[str, Any]:
        """What is searched unless a user says otherwise: `OneOf` or `Between` by names such as network__hidden."""
        raise InputError(_("the settings of a {kind} cannot be searched by Recurra", kind=self.KIND))

    def settings(self, names: Iterable[str]) -> dict[str, Any]:
        """The settings of these names as they are, defaults where none were given."""
        raise InputError(_("the settings of a {kind} cannot be searched by Recurra", kind=self.KIND))

    def held_out_loss(self, part: Any, run: Run) -> float:
        """The loss on what is held out of a training on `part`; NaN where the user stopped it."""
        raise InputError(_("the settings of a {kind} cannot be searched by Recurra", kind=self.KIND))

    # Leaving Python

    def exported(self, *, network_alone: bool = False) -> Exported:
        """The fitted model as graphs, from which ONNX and C are written.

        `network_alone`: of a forecast that is the mean of several, the trained network's alone, or that of the
        pretrained one where none was trained.

        Raises InputError for what cannot be exported, with the reason.
        """
        raise InputError(
            _(
                "models of {name} have no export: their networks are in `module_` of the fitted model, for "
                "torch.onnx.export; recurra serve and predict run the whole model",
                name=type(self).__name__,
            )
        )

    @property
    def networks(self) -> list[nn.Module]:
        """The fitted networks."""
        model: Any = vars(self)["model_"]
        return [member.network for member in model.members]

    def rounded(self) -> Self:
        """A copy whose weights are those of an export with int8 weights, to see what that costs."""
        from recurra.deploy.graph.rounding import round_network

        found = deepcopy(self)
        for network in found.networks:
            round_network(network)
        return found

    def export(
        self,
        *,
        onnx: str | Path | None = None,
        c: str | Path | None = None,
        name: str = "model",
        int8: bool = False,
        network_alone: bool = False,
        steps: int = 512,
    ) -> list[Path]:
        """Write the fitted model as ONNX into one folder, as C99 into another; gives the files.

        See `Exported.write`. With `int8` weights are rounded to whole numbers of one byte; what that costs `rounded()`
        tells. `steps` is how many a row has at most in C. A UserWarning says what of the model's answer is not in the
        files. Raises InputError for what cannot be exported, with the reason.
        """
        from recurra.deploy.exported import check_folders

        check_folders(onnx, c)
        model = (self.rounded() if int8 else self).exported(network_alone=network_alone)
        files = model.write(onnx=onnx, c=c, name=name, int8=int8, steps=steps)
        if model.remark:
            warnings.warn(model.remark, stacklevel=2)
        return files

    def watched(self, later: Any, *, alpha: float = 0.05, rate: float | None = None) -> Watched:
        """Whether the model still holds on later data, and with `rate` which values are anomalous."""
        raise InputError(_("a {kind} cannot be watched", kind=self.KIND))

    def updated(self, later: Any, *, run: Run | None = None) -> Any:
        """Go on learning from later data, and keep what is better for it."""
        raise InputError(
            _(
                "a {kind} keeps no data, so what it forgets could not be measured: train it again on "
                "the old and new examples together",
                kind=self.KIND,
            )
        )

    # One step at a time

    def stream(self, *given: Any, **how: Any) -> Any:
        """The fitted model one step at a time; raises InputError with the reason where it cannot go on so."""
        raise InputError(_("a {kind} has no stream", kind=self.KIND))

    def streams(self, *given: Any, **how: Any) -> Any:
        """Many of them at once, any of which may step, begin anew, be saved and loaded."""
        raise InputError(_("a {kind} has no streams", kind=self.KIND))

    def slots(self, count: int, levels: Sequence[float]) -> Slots:
        """Its `streams` as the sessions of a server; `levels` are those of intervals.

        Raises InputError with the reason where it cannot go on one step at a time.
        """
        told = _(
            "models of this kind ({kind}) are not served in sessions: send whole inputs to /v1/predict", kind=self.KIND
        )
        if type(self).stream is not Estimator.stream:
            told += _("; in Python, stream() goes on one step at a time")
        raise InputError(told)

    def served(self, levels: Sequence[float]) -> dict[str, Any]:
        """What a server says of it beside its facts."""
        return {}

    # Files

    @abstractmethod
    def save(self, path: str | Path) -> None:
        """Write the model file; `recurra.load` reads it."""

    def _write(self, path: str | Path, contents: Contents) -> None:
        from recurra.deploy.model_file import write_model

        write_model(path, replace(contents, reading=dict(self.reading_)))

    @classmethod
    @abstractmethod
    def opened(cls, contents: Contents, path: str, network: Callable[..., nn.Module] | None = None) -> Self:
        """The estimator that wrote the `contents` of the file at `path`; `network` made its networks."""
