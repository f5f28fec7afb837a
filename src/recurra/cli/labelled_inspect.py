"""What `recurra inspect` does with a model of labelled sequences: what it remembers, and what moves its predictions."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from rich.text import Text

from recurra.cli.console import counting, print_facts, print_files, print_frame, stderr, stdout
from recurra.cli.flags.reading import Reading
from recurra.cli.labelled_use import open_later
from recurra.cli.outputs import check_outputs, csv_text, written_together
from recurra.data.encoders.reader import step_counts
from recurra.data.examples.examples import Examples, keep_rows
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted
from recurra.errors import InputError
from recurra.inspect import draw_attribution, draw_flow
from recurra.inspect.several import findings_of
from recurra.tasks.labelled.attributions import explained_frame, usual_frame
from recurra.tasks.labelled.insight import looked_at, memory_sentences
from recurra.tasks.labelled.parts import examples_facts, names_of

if TYPE_CHECKING:
    from recurra.cli.labelled_run import Estimator

_MOST = 50  # examples that are explained
_TOKENS, _STEPS, _STRONGEST = 20, 500, 12  # rows and columns of the picture, lines of the printed table


def inspect_labelled(
    estimator: Estimator, model: Path, file: str | None, *, step: int | None, reading: Reading, out: Path, quiet: bool
) -> None:
    """Say what the networks remember, and explain the predictions of examples in FILE."""
    if file is None:
        raise InputError(f"{model} keeps no data: give a FILE of examples to look at, recurra inspect {model} FILE")
    found = estimator.model_
    if step is not None and not found.objective.per_step:
        raise InputError(f"--step {step} is about a model that tags every step, and {model} does not: leave it out")
    files = [out / f"{model.stem}-{part}" for part in ("memory.png", "moved.png", "moved.csv")]
    check_outputs(files, inputs=[str(model), file])
    console = stdout(quiet)
    opened, gathered, roles = open_later(estimator, file, reading, quiet=quiet)
    ids = names_of(gathered, opened, roles)
    kept = keep_rows(gathered.examples, empty=estimator.empty, optional=found.recipe.optional)
    numbers = kept[np.unique(np.linspace(0, len(kept) - 1, min(len(kept), _MOST)).astype(np.int64))]
    examples = gathered.examples.take(numbers)
    facts = [*opened.facts, *examples_facts(gathered, labelled=False)]
    if len(numbers) < len(gathered.examples):
        facts.append(Fact("explained", f"{counted(len(numbers), 'example')}, spread evenly over the file"))
    print_facts(console, "What was understood", facts)
    reading.told()
    encoded = found.reader.encode(examples)
    seen = looked_at(found, encoded) if step_counts(encoded).max() > 1 else []
    console.print(Text("What it remembers", style="bold"))
    for sentence in memory_sentences(seen):
        console.print(Text(f"  {sentence}"), soft_wrap=True)
    if not seen:
        console.print(Text("  Nothing can be seen: each of these examples has a single step."))
    wrong = findings_of(seen)
    for finding in wrong:
        console.print(Text(f"  {finding}", style="yellow"), soft_wrap=True)
    if seen and not wrong:
        console.print(Text("  Nothing wrong was found."))
    console.print()
    names = list(map(str, estimator.labels_.names))
    moved = _explained(estimator, examples, step, quiet=quiet)
    usual = usual_frame(found, examples, names)
    usual = usual.rename(columns={"class": "predicted", "count": "occurs", "strength": "moved by"})
    if usual["input"].nunique() < 2:
        usual = usual.drop(columns="input")
    for name, part in usual.groupby("input", sort=False) if "input" in usual else [("", usual)]:
        what = f"What moved the predictions most: {name}" if name else "What moved the predictions most"
        own = part.drop(columns="input", errors="ignore").head(_STRONGEST)
        print_frame(console, what, own.dropna(axis="columns", how="all"))
    rows = numbers[moved["example"].to_numpy(dtype=np.int64)]
    table = moved.assign(example=rows + 1, step=moved["step"] + 1).rename(columns={"example": "row"})
    if ids is not None:
        table.insert(1, ids[0], ids[1][rows])
    flows = max((watched.flows for watched in seen if watched.flows), key=_reach, default=None)
    with written_together(out) as stage:
        if flows is not None:
            draw_flow(flows).savefig(stage / files[0].name)
        title = "What usually moves a prediction, mean size by step"
        draw_attribution(_by_step(moved), first=1, title=title).savefig(stage / files[1].name)
        (stage / files[2].name).write_text(csv_text(table), encoding="utf-8", newline="")
    print_files(console, files if flows is not None else files[1:])


def _reach(flows: tuple) -> int:
    """Steps of the way through time of a look."""
    return len(flows[0].layers[0].gradient)


def _explained(estimator: Estimator, examples: Examples, step: int | None, *, quiet: bool) -> pd.DataFrame:
    """The explanation of each example, with a bar."""
    names, frames = list(map(str, estimator.labels_.names)), []
    with counting(stderr(quiet), "explaining", len(examples)) as done:
        for k in range(len(examples)):
            one = examples.take([k])
            at = None if step is None else np.array([step - 1])
            frames.append(explained_frame(estimator.model_, one, names, at).assign(example=k))
            done(k + 1)
    return pd.concat(frames, ignore_index=True)


def _by_step(moved: pd.DataFrame) -> dict[str, np.ndarray]:
    """For the strongest tokens or features: the mean size of what they moved at each step [T]."""
    sizes = moved.assign(size=moved["attribution"].abs())
    sizes = sizes[sizes["step"] < _STEPS]
    strongest = sizes.groupby("token", sort=False)["size"].sum().nlargest(_TOKENS).index
    count = moved["example"].nunique()
    steps = int(sizes["step"].max()) + 1
    return {
        str(token): np.bincount(part["step"], weights=part["size"], minlength=steps) / count
        for token, part in sizes[sizes["token"].isin(strongest)].groupby("token", sort=False)
    }
