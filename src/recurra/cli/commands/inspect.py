"""`recurra inspect`: what the networks of a model file remember, and what moves their predictions."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from recurra.cli.console import counting, print_facts, print_files, print_frame, stderr, stdout
from recurra.cli.flags import options
from recurra.cli.flags.reading import Reading, reading_flags
from recurra.cli.later import open_later
from recurra.cli.opening import open_model
from recurra.cli.outputs import csv_text, written_together
from recurra.language import _

EXAMPLES = """
**Examples**

- `recurra inspect sales.safetensors` — on the rows that the model keeps

- `recurra inspect sales.safetensors newest.csv --out results` — what moves the forecasts from newer data

- `recurra inspect reviews.safetensors new.csv` — which words moved the predictions

- `recurra inspect sales.safetensors --file` — what is in the file, of which nothing is built
"""


@reading_flags
def inspect(
    model: options.ModelFile,
    reading: Reading,
    file: options.NewerFile = None,
    step: Annotated[
        int | None,
        typer.Option(min=1, metavar="STEP", help="The step to explain, of forecasts or tags; their mean unless given."),
    ] = None,
    contents: Annotated[
        bool, typer.Option("--file", help="Only print what is in the file: kind, verdict, parts, tensors and sizes.")
    ] = False,
    out: options.Folder = Path("."),
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Show what the networks in MODEL remember, what is wrong with them, and what moved their predictions.

    Writes NAME-memory.png, NAME-moved.png and NAME-moved.csv, which explains every forecast by time and column, or the
    predicted labels of examples in FILE by word, letter, step or column.
    """
    if contents:
        from recurra.cli.file_contents import print_file

        print_file(stdout(quiet), model)
        return
    from recurra.inspect import draw_attribution, draw_flow

    estimator = open_model(model)
    files = [out / f"{model.stem}-{part}" for part in ("memory.png", "moved.png", "moved.csv")]
    later = open_later("inspect", estimator, model, file, reading, outputs=files, quiet=quiet)
    console = stdout(quiet)
    with counting(stderr(quiet), _("explaining"), 0 if later is None else len(later)) as done:
        insight = estimator.insight(later, step=step, done=done)
    if insight.facts:
        print_facts(console, "What was understood", insight.facts)
    reading.told()
    said = [*insight.sentences, *([insight.nothing] if insight.nothing else [])]
    if said or insight.findings:
        console.print(Text(_("What it remembers"), style="bold"))
        for sentence in said:
            console.print(Text(f"  {sentence}"), soft_wrap=True)
        for finding in insight.findings:
            console.print(Text(f"  {finding}", style="yellow"), soft_wrap=True)
        if not insight.findings and not insight.nothing:
            console.print(Text(f"  {_('No problem was found.')}"))
        console.print()
    for title, table in insight.tables:
        print_frame(console, title, table)
    if insight.shows:
        console.print(Text(_("{file} shows {shows}.", file=files[0].name, shows=insight.shows)))
    with written_together(out) as stage:
        if insight.flows is not None:
            draw_flow(insight.flows).savefig(stage / files[0].name)
        if insight.strength:
            picture = draw_attribution(insight.strength, first=insight.first, title=insight.title)
            picture.savefig(stage / files[1].name)
        (stage / files[2].name).write_text(csv_text(insight.moved), encoding="utf-8", newline="")
        written = [path for path in files if (stage / path.name).exists()]
    print_files(console, written)
