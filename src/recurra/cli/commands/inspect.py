"""`recurra inspect`: what the networks of a model file remember, and what moves their forecasts."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from recurra.cli.console import print_facts, print_files, print_frame, stdout
from recurra.cli.flags import options
from recurra.cli.flags.reading import Reading, reading_flags
from recurra.cli.outputs import check_outputs, csv_text, written_together
from recurra.cli.reading import file_facts, open_table

EXAMPLES = """
**Examples**

- `recurra inspect sales.safetensors` — on the rows that the model keeps

- `recurra inspect sales.safetensors newest.csv --out results` — what moves the forecasts from newer data

- `recurra inspect reviews.safetensors new.csv` — which words moved the predictions

- `recurra inspect sales.safetensors --file` — what is in the file, of which nothing is built
"""

_STRONGEST = 12


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
    """Say what the networks in MODEL remember, what is wrong with them, and what moved their predictions.

    Writes NAME-memory.png, NAME-moved.png and NAME-moved.csv, which explains every forecast by time and column, or the
    predicted labels of examples in FILE by word, letter, step or column.
    """
    if contents:
        from recurra.cli.file_contents import print_file

        print_file(stdout(quiet), model)
        return
    from recurra.tasks import Forecaster, load

    forecaster = load(model)
    if not isinstance(forecaster, Forecaster):
        from recurra.cli.labelled_inspect import inspect_labelled

        inspect_labelled(forecaster, model, file, step=step, reading=reading, out=out, quiet=quiet)
        return
    files = [out / f"{model.stem}-{part}" for part in ("memory.png", "moved.png", "moved.csv")]
    check_outputs(files, inputs=[str(model), *([file] if file is not None else [])])

    from recurra.data import build_panel
    from recurra.inspect import draw_attribution, draw_flow
    from recurra.tasks.forecast.inspection import findings, memory_sentences, now, usual_explanation

    console = stdout(quiet)
    panel = None
    if file is not None:
        table = open_table(file, reading)
        panel, facts = build_panel(table.frame, forecaster.model_.panel.schema, source=Path(table.source).name)
        print_facts(console, "What was understood", [*file_facts(table), *facts])
        reading.told()
        del table
    moved = forecaster.explain(panel, step=step)
    found = forecaster.model_
    console.print(Text("What it remembers", style="bold"))
    seen = now(found)
    for sentence in memory_sentences(found, seen):
        console.print(Text(f"  {sentence}"), soft_wrap=True)
    wrong = findings(found, seen)
    for finding in wrong:
        console.print(Text(f"  {finding}", style="yellow"), soft_wrap=True)
    if not wrong:
        console.print(Text("  Nothing wrong was found."))
    console.print()
    size = moved.assign(moved=moved["attribution"].abs()).groupby("feature", sort=False)["moved"].sum()
    size = size.drop(["(baseline)", "(rest)"], errors="ignore").sort_values(ascending=False)
    shares = (size / max(float(size.sum()), 1e-300)).head(_STRONGEST)
    title = "What moved the forecasts" if step is None else f"What moved the forecasts of step {step}"
    print_frame(console, title, shares.map("{:.1%}".format).rename("share").reset_index())
    usual = usual_explanation(found, found.panel)
    looks = {k: watched.flows for k, watched in enumerate(seen, start=1) if watched.flows}
    # Of several networks the one with the longest way through time, as in the report.
    shown = max(looks, key=lambda k: len(looks[k][0].layers[0].gradient), default=None)
    if shown is not None and len(found.members) > 1:
        console.print(Text(f"{files[0].name} shows network {shown} of {len(found.members)}."))
    with written_together(out) as stage:
        if shown is not None:
            draw_flow(looks[shown]).savefig(stage / files[0].name)
        strength = {name: values for name, values in usual.strength().items() if values.any()}
        draw_attribution(
            strength, first=1 - usual.window, title="What usually moves a forecast, share of each step and column"
        ).savefig(stage / files[1].name)
        (stage / files[2].name).write_text(csv_text(moved), encoding="utf-8", newline="")
    print_files(console, files if shown is not None else files[1:])
