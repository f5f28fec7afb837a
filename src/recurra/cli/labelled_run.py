"""What `recurra classify`, `tag` and `regress` share: from a file to a judged model, its page and its file."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from recurra.cli.console import print_facts, print_files, print_scores, stdout
from recurra.cli.flags.reading import Reading
from recurra.cli.flags.values import parse_widths, split_words
from recurra.cli.labelled_reading import Columns, open_examples, refuse_unknown_inputs, understand
from recurra.cli.outputs import check_outputs, csv_text, surviving, tell_failures, written_together
from recurra.errors import InputError
from recurra.formatting import joined
from recurra.options import option

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

    from recurra.data import Fact
    from recurra.data.examples.examples import Examples
    from recurra.data.examples.gathering import Gathered
    from recurra.data.examples.understanding import Roles
    from recurra.tasks import SequenceClassifier, SequenceRegressor, SequenceTagger
    from recurra.tasks.labelled.opened import Judging, Opened
    from recurra.tasks.labelled.parts import ChosenParts

    Estimator = SequenceClassifier | SequenceTagger | SequenceRegressor

INTERRUPTED = "Training was interrupted: the best network so far is kept and evaluated."
UNFINISHED = "The final training, on all examples, was interrupted: the evaluated model is kept."
_PAIRS, _FITS = 500, 0.8  # pairs that are looked at, and the share of them that have one value of a column that fits
OUTPUTS = ("predictions.csv", "report.html", "report.png")


@dataclass(frozen=True, kw_only=True)
class Learning:
    """The flags about the network and its training as they were given."""

    cell: str
    members: int
    hidden: int | None
    convolution: str | None
    level: str
    vectors: Path | None
    optional: Sequence[str] | None
    empty: str
    epochs: float | None
    seed: int
    schedule: str
    precision: str
    device: str
    devices: int
    log: Path | None
    resume: bool

    def settings(self) -> dict[str, Any]:
        """As the estimators take them."""
        network = {"hidden": self.hidden, "convolution": parse_widths(self.convolution)}
        training = {"epochs": self.epochs, "schedule": self.schedule, "precision": self.precision}
        return {
            "optional": split_words(self.optional),
            "cell": self.cell,
            "members": self.members,
            "network": {name: value for name, value in network.items() if value is not None} or None,
            "training": {name: value for name, value in training.items() if value is not None},
            "empty": self.empty,
            "seed": self.seed,
            "device": self.device,
        }


def learn(
    task: str,
    make: Callable[..., Estimator],
    file: str,
    *,
    columns: Columns,
    reading: Reading,
    judging: Judging,
    learning: Learning,
    out: Path,
    quiet: bool,
    arguments: Sequence[str],
) -> None:
    """Read FILE, train and judge the estimator that `make` makes of settings, print, and write everything down."""
    settings = learning.settings()
    if not 0 < judging.share < 1:
        raise InputError(f"--share {judging.share:g} leaves a part empty: expected a number between 0 and 1, as 0.2")
    console = stdout(quiet)
    opened = open_examples(file, reading, text=columns.texts(task), quiet=quiet)
    files = [out / name for name in (*OUTPUTS, f"{opened.name}.safetensors")]
    check_outputs(files, inputs=[file, *([judging.test] if judging.test is not None else [])])
    roles, facts = understand(opened, columns, task=task, level=learning.level, vectors=learning.vectors)
    if judging.test is not None and roles.split is not None:
        raise InputError(
            f"--test {judging.test} and the column {roles.split!r} both say what to judge on: leave --test out, or the "
            f"column with --ignore {roles.split}"
        )

    from recurra.data.examples.examples import keep_rows
    from recurra.data.examples.gathering import gather_examples
    from recurra.tasks.labelled.parts import choose_parts, examples_facts

    settings["optional"] = tuple(dict.fromkeys((*settings["optional"], *roles.optional)))
    gathered = gather_examples(
        opened.frame,
        roles,
        tags=task == "tag",
        optional=settings["optional"],
        source=opened.source,
        folder=opened.folder,
    )
    refuse_unknown_inputs(settings["optional"], gathered)
    kept = keep_rows(gathered.examples, empty=settings["empty"], optional=settings["optional"])  # names the file's rows
    tested = None if judging.test is None else _open_test(judging.test, reading, opened, roles, task, settings, quiet)
    estimator = make(**settings)
    objective = estimator.objective_of(gathered.labels)
    parts, how = choose_parts(gathered, opened, tested, roles, judging, objective, settings)
    how = [*_dropped(gathered.examples, kept), *how]
    facts = [*opened.facts, *facts, *examples_facts(gathered, labelled=task != "tag"), *how]
    print_facts(console, "What was understood", facts)
    reading.told()

    from recurra.cli.resuming import (
        checkpoint_path,
        examples_digest,
        open_checkpoints,
        refusing_without_trace,
        tell_of_unfinished,
    )
    from recurra.training import Run
    from recurra.training.progress import ProgressBar
    from recurra.training.progress import quiet as silent

    path = checkpoint_path(out, opened.name)
    tell_of_unfinished(console, path, resume=learning.resume)
    given = {**estimator.get_params(deep=False), "parts": judging, "devices": learning.devices}
    with refusing_without_trace(path):
        digest = examples_digest(*parts.everything)
        checkpoints = open_checkpoints(path, digest, given, resume=learning.resume)
        progress = silent() if quiet else ProgressBar()
        run = Run(checkpoints=checkpoints, log=learning.log, devices=learning.devices, progress=progress)
        evaluation = estimator.study(parts.examples, parts.labels, **parts.way, share=judging.share, run=run)
    if console.is_terminal:
        console.print()  # below the bars
    estimator.roles_ = roles
    notes = interruptions(estimator, parts)
    notes += group_notes(opened.frame, roles, estimator.holdout_.pairs)
    decided = estimator.facts()
    print_facts(console, "What was decided", decided)
    for note in notes:
        console.print(note)
    print_scores(console, evaluation, f"On the test part ({parts.tested_words(estimator)})")

    from recurra.report import write_labelled_html, write_labelled_png
    from recurra.tasks.labelled.report import report_content
    from recurra.tasks.labelled.results import judged_frame

    predictions = judged_frame(estimator, parts.ids, parts.rows)
    report, failures = None, dict[str, Exception]()
    with surviving(failures, "report.html"):
        report = report_content(
            title=title_of(task, roles),
            arguments=arguments,
            facts=[*facts, *decided],
            estimator=estimator,
            target=", ".join(roles.label[:3]) + (", ..." if len(roles.label) > 3 else ""),
            rows=parts.rows,
            learnt=parts.learnt(estimator),
            notes=notes,
        )
    with written_together(out) as stage:
        (stage / "predictions.csv").write_text(csv_text(predictions), encoding="utf-8", newline="")
        estimator.save(stage / files[-1].name)
        if not failures:
            with surviving(failures, "report.html", stage):
                write_labelled_html(report, stage / "report.html")
            with surviving(failures, "report.png", stage):
                write_labelled_png(report, stage / "report.png")
        written = [path for path in files if (stage / path.name).exists()]
    checkpoints.clear()
    print_files(console, written)
    tell_failures(failures, debug="--debug" in arguments)


def _dropped(examples: Examples, kept: npt.NDArray[np.int64]) -> list[Fact]:
    """What is said of examples without a step, which are neither learnt from nor tested."""
    from recurra.data.examples.cells import describe
    from recurra.data.schema.facts import Fact

    rows = np.setdiff1d(np.arange(len(examples)), kept)
    return [Fact("dropped", f"{describe(rows.tolist())}, without a step", option("empty"))] if len(rows) else []


def group_notes(frame: pd.DataFrame, roles: Roles, pairs: npt.NDArray[np.int64] | None) -> list[str]:
    """The column by which examples that repeat one another could be kept together, if one of the file fits."""
    if pairs is None or not len(pairs) or roles.series is not None or roles.group is not None:
        return []
    used = {*roles.inputs, *roles.label, *roles.static, *roles.features, roles.time, roles.split}
    some = pairs[np.linspace(0, len(pairs) - 1, min(len(pairs), _PAIRS)).astype(np.int64)]
    for name in (str(name) for name in frame.columns if str(name) not in used):
        values = frame[name]
        distinct = values.nunique()
        if values.isna().any() or not 1 < distinct < len(values) / 1.2:
            continue
        cells = values.to_numpy(dtype=object)
        if (cells[some[:, 0]] == cells[some[:, 1]]).mean() >= _FITS and distinct > 4:
            return [
                f"Examples that repeat one another share their {name}: {option('group', name)} keeps them together."
            ]
    return []


def interruptions(estimator: Estimator, parts: ChosenParts) -> list[str]:
    """What became of a training that the user stopped."""
    if estimator.holdout_.model.interrupted:
        return [INTERRUPTED]
    judged_only = estimator.model_ is estimator.holdout_.model
    return [UNFINISHED] if judged_only and parts.way.get("test") is None else []


def title_of(task: str, roles: Roles) -> str:
    """What the page is called: the task, what is predicted, and from which inputs."""
    what = _listed(roles.label)
    made = {"static": roles.static, **({"sequence": roles.features} if roles.features else {})}
    columns = [column for name in roles.inputs for column in made.get(name, (name,))]
    columns = list(dict.fromkeys([*columns, *roles.features, *roles.static]))
    names = {"classify": "Classification", "tag": "Tagging", "regress": "Regression"}
    return f"{names[task]}: {what} from {_listed(columns) if columns else 'a series'}"


def _listed(names: Sequence[str], most: int = 4) -> str:
    """`a, b and c`; of more than `most` the first ones and how many more there are."""
    shown = list(map(str, names))
    return joined(shown if len(shown) <= most else [*shown[: most - 1], f"{len(shown) - most + 1} more"])


def _open_test(
    file: str, reading: Reading, learnt: Opened, roles: Roles, task: str, settings: dict[str, Any], quiet: bool
) -> tuple[Opened, Gathered]:
    """The examples to judge on, read by the same parts of the columns, and as text where those learnt from are."""
    from recurra.data.examples.gathering import gather_examples
    from recurra.data.schema.column_kinds import kind_of

    texts = [str(name) for name in learnt.frame if kind_of(learnt.frame[name]) == "text"]
    opened = open_examples(file, reading, text=texts, quiet=quiet)
    own = replace(roles, group=None, split=None, time=roles.time if roles.series is not None else None)
    optional = settings["optional"]
    return opened, gather_examples(
        opened.frame, own, tags=task == "tag", optional=optional, source=opened.source, folder=opened.folder
    )
