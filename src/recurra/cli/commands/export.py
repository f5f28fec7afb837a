"""`recurra export`: a model file as ONNX and as C."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from recurra.cli.claims import claim
from recurra.cli.console import print_files, print_frame, stderr, stdout, waiting
from recurra.cli.flags import options
from recurra.cli.flags.reading import Reading, reading_flags
from recurra.cli.later import open_later
from recurra.cli.opening import open_model
from recurra.language import _

if TYPE_CHECKING:
    import pandas as pd

    from recurra.tasks.estimator import Estimator, Later

EXAMPLES = """
**Examples**

- `recurra export load.safetensors --onnx onnx` — the whole window and one step, for onnxruntime

- `recurra export reviews.safetensors --c c --steps 200` — C99 without dependencies, for texts of up to 200 tokens

- `recurra export reviews.safetensors later.csv --onnx onnx --int8` — a quarter of the size, and what that costs

- `recurra export sales.safetensors --onnx onnx --network-alone` — of a combined forecast the trained network alone
"""


@reading_flags
def export(
    model: options.ModelFile,
    reading: Reading,
    file: Annotated[
        str | None,
        typer.Argument(metavar="[FILE]", help="Later data, with labels or truths: with --int8, what it costs there."),
    ] = None,
    onnx: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of the ONNX files.", rich_help_panel=options.OUTPUT)
    ] = None,
    c: Annotated[
        Path | None, typer.Option("--c", metavar="DIR", help="Folder of the C files.", rich_help_panel=options.OUTPUT)
    ] = None,
    name: Annotated[
        str, typer.Option(metavar="NAME", help="Name of the files and functions.", rich_help_panel=options.OUTPUT)
    ] = "model",
    int8: Annotated[
        bool, typer.Option("--int8", help="Weights of one byte each, with a scale for each output.")
    ] = False,
    steps: Annotated[int, typer.Option(min=1, metavar="STEPS", help="Maximum steps of a row in C.")] = 512,
    network_alone: Annotated[
        bool,
        typer.Option("--network-alone", help="Of a combined forecast, the trained network alone."),
    ] = False,
    quiet: options.Quiet = False,
    debug: options.Debug = False,
) -> None:
    """Export the model in MODEL as ONNX, for onnxruntime and others, and as C99 without dependencies.

    Scaling, calibration and quantiles are included, and rows to check the export with are written too.
    """
    from recurra.deploy.exported import check_folders

    estimator = open_model(model)
    claim([folder for folder in (onnx, c) if folder is not None])
    console = stdout(quiet)
    later = None
    if file is not None:
        later = open_later("export", estimator, model, file, reading, outputs=[], quiet=quiet)
        reading.told()
    with waiting(stderr(quiet), "exporting"):
        check_folders(onnx, c)
        exported = (estimator.rounded() if int8 else estimator).exported(network_alone=network_alone)
        files = exported.write(onnx=onnx, c=c, name=name, int8=int8, steps=steps)
    if exported.remark:
        console.print(escape(exported.remark))
    if later is not None:
        print_frame(console, "On this file" if not int8 else "What int8 weights cost", cost(estimator, later, int8))
    elif int8:
        console.print(_("Give a FILE of later data to see what int8 weights cost on it."))
    size = sum(each.stat().st_size for each in files)
    console.print(_("{n:,.0f} kB in all", n=size / 1000))
    print_files(console, files)


def cost(estimator: Estimator, later: Later, int8: bool) -> pd.DataFrame:
    """The model's own row of the table of scores, with the weights as they are and as they are rounded."""
    import pandas as pd

    every = {"float32": estimator} | ({"int8": estimator.rounded()} if int8 else {})
    found = []
    for weights, each in every.items():
        scores = each.evaluated(later).scores
        row = scores.table[scores.table.iloc[:, 0] == scores.mark]
        row = row.drop(columns=row.columns[0])
        row.insert(0, "weights", weights)
        found.append(row)
    return pd.concat(found, ignore_index=True)
