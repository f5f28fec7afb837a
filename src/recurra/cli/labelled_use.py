"""What `recurra predict` and `recurra evaluate` do with a model of labelled sequences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import numpy as np
import pandas as pd
import typer

from recurra.cli.console import counting, print_facts, print_files, print_frame, print_scores, stderr, stdout
from recurra.cli.flags.reading import Reading
from recurra.cli.labelled_reading import open_examples
from recurra.cli.outputs import check_outputs, csv_text, written_together
from recurra.data.examples.examples import SEQUENCE
from recurra.data.examples.gathering import Gathered, gather_examples, text_columns
from recurra.data.examples.inputs import Events, Series
from recurra.data.examples.understanding import Roles
from recurra.data.labels.cell_labels import quoted
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted, require_columns, shown
from recurra.errors import InputError
from recurra.tasks.labelled.columns import cell_text, json_lines
from recurra.tasks.labelled.opened import Opened
from recurra.tasks.labelled.parts import examples_facts, judged_words, names_of
from recurra.tasks.labelled.results import judged_frame, predicted_frames
from recurra.tasks.labelled.row_refusals import LabelledRows, refuse_unknown
from recurra.tasks.labelled.tagger import SequenceTagger

if TYPE_CHECKING:
    from recurra.cli.labelled_run import Estimator

PREDICTIONS = Path("predictions.csv")
_JSON = (".jsonl", ".ndjson")


def predict_labelled(
    estimator: Estimator, model: Path, file: str | None, *, reading: Reading, out: Path | None, quiet: bool
) -> None:
    """Predict the examples in FILE, some thousand at a time, and write a row for each, as CSV or as JSON lines."""
    if file is None:
        raise InputError(f"{model} keeps no data: give the FILE that holds the examples, recurra predict {model} FILE")
    out = out or PREDICTIONS
    piped = str(out) == "-"
    if not piped:
        check_outputs([out], inputs=[str(model), file])
    console = stdout(quiet or piped)
    opened, gathered, roles = open_later(estimator, file, reading, quiet=quiet)
    print_facts(console, "What was understood", [*opened.facts, *examples_facts(gathered, labelled=False)])
    reading.told()
    examples, ids = gathered.examples, names_of(gathered, opened, roles)
    del opened  # the examples hold all that is read
    with counting(stderr(quiet), "predicting", len(examples)) as done:
        frames = predicted_frames(estimator, examples, ids, done)
        if piped:
            for text in texts_of(frames, lines=False):
                typer.echo(text, nl=False)
            return
        with (
            written_together(out.parent) as stage,
            (stage / out.name).open("w", encoding="utf-8", newline="") as stream,
        ):
            lines, classes = out.suffix.lower() in _JSON, estimator.model_.objective.tallied
            beginning, told = _write(frames, stream, lines=lines, classes=classes)
    print_frame(console, "Predictions", beginning, rows=8)
    for line in told:
        console.print(line)
    print_files(console, [out])


def evaluate_labelled(
    estimator: Estimator,
    model: Path,
    file: str,
    *,
    reading: Reading,
    out: Path | None,
    quiet: bool,
    arguments: Sequence[str],
) -> None:
    """Judge the model on the examples in FILE beside the baselines that were fitted with it."""
    files = [out / name for name in ("evaluation.csv", "evaluation.html")] if out is not None else []
    check_outputs(files, inputs=[str(model), file])
    console = stdout(quiet)
    opened, gathered, roles = open_later(estimator, file, reading, quiet=quiet)
    if not roles.label:
        raise InputError(
            f"{model} does not know which column holds the label, since it was not fitted to a file: use "
            "recurra.load(...).evaluate(X, y) in Python"
        )
    require_columns(roles.label, [str(name) for name in opened.frame.columns], opened.source, "")
    labels, groups = gathered.labels, gathered.groups
    assert labels is not None
    if bool(np.all(labels.isna())):
        raise InputError(
            f"column {roles.label[0]!r} of {opened.source} holds no label: there is nothing to compare with"
        )
    judging = LabelledRows.of(gathered, opened.source, empty=estimator.empty, optional=estimator.model_.recipe.optional)
    refuse_unknown(type(estimator.model_.objective), estimator.labels_, judging)
    kept, examples = judging.rows, judging.examples
    left_out = len(gathered.examples) - len(kept)
    facts = [*opened.facts, *examples_facts(gathered, labelled=not isinstance(estimator, SequenceTagger))]
    if left_out:
        facts.append(Fact("left out", f"{counted(left_out, 'example')} without a step"))
    evaluation = estimator.evaluate(examples, judging.labels, groups=None if groups is None else groups[kept])
    print_facts(console, "What was understood", facts)
    reading.told()
    print_scores(console, evaluation, f"On {opened.source} ({judged_words(estimator.holdout_.truth)})")
    if out is None:
        return

    from recurra.report import write_labelled_html
    from recurra.tasks.labelled.report import report_content

    report = report_content(
        title=f"{model.stem} on {opened.name}",
        arguments=arguments,
        facts=facts,
        estimator=estimator,
        target=", ".join(roles.label),
        rows=kept,
    )
    with written_together(out) as stage:
        frame = judged_frame(estimator, names_of(gathered, opened, roles), kept)
        (stage / "evaluation.csv").write_text(csv_text(frame), encoding="utf-8", newline="")
        write_labelled_html(report, stage / "evaluation.html")
    print_files(console, files)


def open_later(estimator: Estimator, file: str, reading: Reading, *, quiet: bool) -> tuple[Opened, Gathered, Roles]:
    """The examples of a later file, read as those that the model was fitted to."""
    model = estimator.model_
    roles = replace(estimator.roles_ or Roles(dict(model.reader.kinds)), split=None)
    texts = text_columns(roles, model.reader, words=model.objective.has_words)
    opened = open_examples(file, reading, text=texts, quiet=quiet)
    if roles.group is not None and roles.group not in opened.frame:
        roles = replace(roles, group=None)
    gathered = gather_examples(
        opened.frame,
        roles,
        tags=isinstance(estimator, SequenceTagger),
        labelled=False,
        optional=model.recipe.optional,
        source=opened.source,
        folder=opened.folder,
    )
    steps, known = (kinds.get(SEQUENCE) for kinds in (gathered.examples.kinds, model.reader.kinds))
    if isinstance(steps, Events) and isinstance(known, Series):  # in long format the values say which it is
        raise InputError(
            f"the features {shown(roles.features)} of {opened.source} hold text, and held numbers when the model was "
            "fitted: correct them"
        )
    return opened, gathered, roles


def texts_of(frames: Iterator[pd.DataFrame], *, lines: bool) -> Iterator[str]:
    """Parts of a table as parts of a file: JSON lines, or CSV with its header once."""
    for number, frame in enumerate(frames):
        if lines:
            yield json_lines(frame)
        else:
            text = csv_text(cell_text(frame))
            yield text if number == 0 else text[text.index("\n") + 1 :]


def _write(
    frames: Iterator[pd.DataFrame], stream: TextIO, *, lines: bool, classes: bool
) -> tuple[pd.DataFrame, list[str]]:
    """Write the parts; the beginning of the first, and, of `classes`, how often each was predicted."""
    beginning, counts, without = pd.DataFrame(), pd.Series(dtype=np.int64), 0

    def seen() -> Iterator[pd.DataFrame]:
        nonlocal beginning, counts, without
        for frame in frames:
            if beginning.empty:
                beginning = cell_text(frame.head(8))
            if "predicted" in frame:
                without += int(frame["predicted"].isna().sum())
                if classes:
                    counts = counts.add(frame["predicted"].value_counts(), fill_value=0)
            yield frame

    for text in texts_of(seen(), lines=lines):
        stream.write(text)
    shown = [name for name in beginning if not str(name).startswith("p_")]
    told = []
    if len(counts):
        ordered = counts.sort_values(ascending=False, kind="stable").head(12)
        told.append("Predicted: " + ", ".join(f"{quoted(name)} {int(count):,}" for name, count in ordered.items()))
    if without:
        told.append(f"Without a prediction, since they have no step: {counted(without, 'row')}")
    return beginning[shown], told
