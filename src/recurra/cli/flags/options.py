"""The flags of the subcommands: their types and their help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from recurra.cells.registry import names
from recurra.errors import InputError
from recurra.language import _, listing

COLUMNS = "Columns (detected unless given)"
READING = "Reading the file (detected unless given)"
EVALUATION = "Evaluation"
LEARNING = "Training"
NETWORK = "Network"
SAMPLES = "Samples"
OUTPUT = "Output"


def _option(panel: str, *declarations: str, **settings: Any) -> Any:
    return typer.Option(*declarations, rich_help_panel=panel, **settings)


def labels(word: str, meaning: str, *, several: bool) -> Any:
    """The option that names the column, or columns, of labels."""
    if several:
        return Annotated[list[str] | None, _option(COLUMNS, f"--{word}", metavar="NAMES", help=meaning)]
    return Annotated[str | None, _option(COLUMNS, f"--{word}", metavar="NAME", help=meaning)]


def _cell_choices(*others: str) -> str:
    try:
        return f"[{'|'.join((*names(), *others))}]"
    except InputError:  # of a plugin, and said when the command is read
        return "NAME"


def _cell_name(text: str, others: tuple[str, ...] = ()) -> str:
    try:
        known = (*names(), *others)
        if text in known:
            return text
    except InputError as error:  # a ValueError, in whose place the parser would say nothing
        raise typer.BadParameter(str(error)) from error
    raise typer.BadParameter(_("{text!r} is not one of {names}.", text=text, names=listing(map(repr, known))))


File = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help="CSV, TSV (also compressed), Parquet or Excel; or a built-in example such as demo:co2."
    ),
]
NewerFile = Annotated[
    str | None,
    typer.Argument(
        metavar="[FILE]", help="Newer data with the same columns; without it, forecasts follow the training data."
    ),
]
ModelFile = Annotated[Path, typer.Argument(metavar="MODEL", help="A .safetensors file written by Recurra.")]

Workers = Annotated[
    int, _option(OUTPUT, min=0, metavar="N", help="For a folder of partitions: number of Dask processes.")
]
Cluster = Annotated[
    str | None,
    _option(OUTPUT, "--dask", metavar="ADDRESS", help="For a folder of partitions: address of a Dask cluster."),
]
Target = Annotated[str | None, _option(COLUMNS, metavar="NAME", help="The column to forecast.")]
Time = Annotated[
    list[str] | None, _option(COLUMNS, metavar="NAMES", help="The time column, or its parts: year,month,day,hour.")
]
Series = Annotated[str | None, _option(COLUMNS, metavar="NAMES", help="The series identifier column or columns.")]
Layout = Annotated[
    Literal["long", "wide-rows", "wide-columns"] | None,
    _option(COLUMNS, help="One row per observation, per series, or per time."),
]
Freq = Annotated[str | None, _option(COLUMNS, metavar="ALIAS", help="Sampling interval: h, 30min, D, B, W, MS.")]
Zone = Annotated[str | None, _option(COLUMNS, metavar="ZONE", help="Time zone, such as Europe/Berlin.")]
DayFirst = Annotated[bool | None, _option(COLUMNS, "--day-first/--month-first", help="How to read 1/2/2026.")]
TimeFormat = Annotated[
    str | None, _option(COLUMNS, metavar="FORMAT", help="How times are written: %d.%m.%Y, week, excel, ...")
]
PivotYear = Annotated[
    int | None, _option(COLUMNS, metavar="YEAR", help="First of the 100 years that two digits mean: 1950.")
]
AllHours = Annotated[
    bool, _option(COLUMNS, "--all-hours", help="Hours and days that never have a row are gaps, not closed.")
]
Holidays = Annotated[
    list[str] | None,
    _option(COLUMNS, metavar="COUNTRIES", help="Countries with known holidays: DE, or DE-BY,AT, or a column of them."),
]
Past = Annotated[list[str] | None, _option(COLUMNS, metavar="NAMES", help="Past-only covariates.")]
Known = Annotated[list[str] | None, _option(COLUMNS, metavar="NAMES", help="Known-future covariates.")]
Static = Annotated[list[str] | None, _option(COLUMNS, metavar="NAMES", help="Static covariates, constant per series.")]
Ignore = Annotated[list[str] | None, _option(COLUMNS, metavar="NAMES", help="Columns to ignore.")]

Separator = Annotated[str | None, _option(READING, metavar="TEXT", help="Field separator: ',' ';' 'tab' '|' 'space'.")]
Encoding = Annotated[
    str | None, _option(READING, metavar="NAME", help="Character encoding, such as utf-8, utf-16, gb18030.")
]
Decimal = Annotated[str | None, _option(READING, metavar="SIGN", help="Decimal sign: '.' or ','.")]
Thousands = Annotated[
    str | None, _option(READING, metavar="SIGN", help="Thousands separator: '.' ',' \"'\" 'space' 'none'.")
]
Header = Annotated[
    bool | None, _option(READING, "--header/--no-header", help="Whether the first row holds column names.")
]
HeaderRows = Annotated[
    int | None, _option(READING, min=0, metavar="N", help="Rows of names and units above the data; 0 for none.")
]
SkipRows = Annotated[int | None, _option(READING, min=0, metavar="N", help="Lines above the header to skip.")]
Footer = Annotated[int | None, _option(READING, min=0, metavar="N", help="Lines below the data to skip.")]
Sheet = Annotated[str | None, _option(READING, metavar="NAME", help="The sheet of a workbook; several: 'A,B' or '*'.")]
Missing = Annotated[
    list[str] | None, _option(READING, metavar="WORDS", help="Texts that mean a missing value: '?,void'.")
]

LaterFile = Annotated[str, typer.Argument(metavar="FILE", help="Later data with the same columns, or demo:NAME.")]
FreshFile = Annotated[
    str | None,
    typer.Argument(
        metavar="[FILE]", help="Later data with the same columns, or demo:NAME; of an agent an environment, or nothing."
    ),
]
ExamplesFile = Annotated[
    str,
    typer.Argument(
        metavar="FILE",
        help="CSV, TSV (also compressed), Parquet, Excel or JSON lines; or a built-in example, demo:NAME.",
    ),
]
TextFile = Annotated[
    str,
    typer.Argument(metavar="FILE", help="Plain text (also compressed), or a built-in example such as demo:letters."),
]
Texts = Annotated[
    list[str] | None, _option(COLUMNS, "--text", metavar="NAMES", help="Text columns, read word by word.")
]
Sequences = Annotated[
    list[str] | None,
    _option(COLUMNS, "--sequence", metavar="NAMES", help="Columns of residues, bases, or lists of events or numbers."),
]
AudioFiles = Annotated[
    list[str] | None,
    _option(
        COLUMNS, "--audio", metavar="NAMES", help="Column of sound files, as paths relative to the table's folder."
    ),
]
MergeCase = Annotated[
    bool,
    _option(COLUMNS, "--merge-case/--keep-case", help="Whether labels that differ only in case are the same label."),
]
LabelSeparator = Annotated[
    str | None, _option(COLUMNS, metavar="TEXT", help="Separator of several labels in one cell: ';'; or none.")
]
SeriesOf = Annotated[
    str | None,
    _option(COLUMNS, "--series", metavar="NAMES", help="The sequence identifier, where each step has a row."),
]
TimeOf = Annotated[
    str | None,
    _option(
        COLUMNS,
        "--time",
        metavar="NAME",
        help="With --series, the order of steps; else the latest examples are the test set.",
    ),
]
Features = Annotated[
    list[str] | None, _option(COLUMNS, metavar="NAMES", help="Numeric columns that vary from step to step.")
]
Constants = Annotated[
    list[str] | None,
    _option(COLUMNS, "--static", metavar="NAMES", help="Numbers and categories constant within an example."),
]

TestFile = Annotated[str | None, _option(EVALUATION, "--test", metavar="FILE", help="A file of test examples.")]
TestText = Annotated[str | None, _option(EVALUATION, "--test", metavar="FILE", help="Another text to evaluate on.")]
ShareOfText = Annotated[
    float,
    _option(
        EVALUATION,
        "--share",
        min=0.0,
        max=1.0,
        help="Share that is not learnt but evaluated on: the end of the text, or of the rows, of which it is 0.2 "
        "unless given.",
    ),
]
Share = Annotated[float, _option(EVALUATION, min=0.0, max=1.0, help="Share of the examples set aside as test set.")]
SplitColumn = Annotated[
    str | None, _option(EVALUATION, "--split", metavar="NAME", help="A column that says train or test.")
]
Group = Annotated[
    str | None,
    _option(EVALUATION, metavar="NAME", help="Column whose equal values stay together: patient, author, site."),
]

Top = Annotated[
    int | None, _option(OUTPUT, "--top", min=1, metavar="N", help="Recommenders: proposals for each history: 20.")
]

Level = Annotated[
    Literal["auto", "words", "characters", "subwords"], _option(NETWORK, help="What counts as one step of a text.")
]
Vectors = Annotated[Path | None, _option(NETWORK, metavar="FILE", help="Pretrained word vectors, one word per line.")]
Hidden = Annotated[int | None, _option(NETWORK, min=1, help="Hidden units per direction.")]
Convolution = Annotated[
    str | None, _option(NETWORK, metavar="WIDTHS", help="Convolutions before the recurrence: 3,5; 0 for none.")
]
Optional = Annotated[list[str] | None, _option(COLUMNS, metavar="NAMES", help="Inputs that may be missing.")]
Empty = Annotated[Literal["refuse", "drop"], _option(COLUMNS, help="How to handle empty examples.")]

Horizon = Annotated[
    int | None, typer.Option(min=1, metavar="STEPS", help="Steps to forecast; one season unless given.")
]


def cell_or(others: tuple[str, ...]) -> Any:
    """The option that names a cell, or one of `others`, which are no cells."""

    def parsed(text: str) -> str:
        return _cell_name(text, others)

    told = _option(LEARNING, parser=parsed, metavar=_cell_choices(*others), help="Recurrent cell, or transformer.")
    return Annotated[str, told]


Cell = Annotated[str, _option(LEARNING, parser=_cell_name, metavar=_cell_choices(), help="Recurrent cell.")]
Members = Annotated[int, _option(LEARNING, min=1, help="Networks in the ensemble.")]
Season = Annotated[
    str | None,
    _option(LEARNING, metavar="STEPS", help="Season lengths: 24,168; 1 for none; detected unless given."),
]
Block = Annotated[
    int | None,
    _option(
        LEARNING, min=1, metavar="STEPS", help="Time steps read as one step of the recurrence; one season unless given."
    ),
]
Method = Annotated[
    str,
    _option(
        LEARNING,
        metavar="auto|NAME",
        help="Method: auto combines the networks and the baselines; network, fast or a baseline's name.",
    ),
]
Fast = Annotated[bool, _option(LEARNING, help="Forecast with the pretrained network, without training.")]
Windows = Annotated[int | None, _option(LEARNING, min=1, help="Backtest windows per series; by length unless given.")]
AllowLeak = Annotated[
    list[str] | None,
    _option(
        EVALUATION, metavar="NAME", help="Learn from a column or series even though it leaks the answer; repeatable."
    ),
]
Fallback = Annotated[
    bool, _option(OUTPUT, "--fallback", help="Where the best baseline is better for a series, write its forecast.")
]
Epochs = Annotated[float | None, _option(LEARNING, help="Passes over the data; by its size unless given.")]
Seconds = Annotated[
    float | None, _option(LEARNING, help="Processor time of each training, in seconds, in place of passes.")
]
Seed = Annotated[int, _option(LEARNING, min=0, help="Random seed; the same seed gives bit-identical results.")]
Schedule = Annotated[Literal["one-cycle", "plateau"], _option(LEARNING, help="Learning rate schedule.")]
Precision = Annotated[Literal["auto", "float32", "bfloat16"], _option(LEARNING, help="Arithmetic precision.")]
Device = Annotated[
    Literal["auto", "cpu", "cuda"],
    _option(LEARNING, help="Device to train on; a GPU if there is one, unless given."),
]
Devices = Annotated[int, _option(LEARNING, min=1, help="Processes to train with.")]
Nodes = Annotated[
    int, _option(LEARNING, min=1, help="Machines that train together; set MASTER_ADDR, MASTER_PORT and NODE_RANK.")
]
Log = Annotated[Path | None, _option(LEARNING, metavar="DIR", help="Folder for TensorBoard logs.")]
Settings = Annotated[
    Path | None,
    _option(NETWORK, metavar="FILE", help="Settings that `recurra tune` found; options beside it count more."),
]
Trials = Annotated[int, _option(LEARNING, min=1, help="How many settings are tried at most.")]
Minutes = Annotated[float | None, _option(LEARNING, min=0.0, help="No new trial begins after so many minutes.")]
Resume = Annotated[bool, _option(LEARNING, "--resume", help="Continue an interrupted run.")]

Prompt = Annotated[str | None, _option(SAMPLES, help="Generators: the text that a sample continues.")]
Samples = Annotated[
    int | None,
    _option(
        SAMPLES, min=1, max=10_000, metavar="N", help="Number of sample paths of a forecast, or samples of a generator."
    ),
]
Length = Annotated[
    int | None, _option(SAMPLES, min=1, help="Generators of texts: symbols in a sample; of music: frames.")
]
Rows = Annotated[int | None, _option(SAMPLES, min=1, help="Generators of rows: how many to make; 1000 unless given.")]
Temperature = Annotated[
    float | None, _option(SAMPLES, min=0.0, help="Generators: below 1, likely symbols become likelier.")
]
TopK = Annotated[
    int | None, _option(SAMPLES, min=1, help="Generators: sample from this many of the likeliest symbols.")
]
TopP = Annotated[
    float | None,
    _option(SAMPLES, min=0.0, max=1.0, help="Generators: sample from the likeliest symbols up to this probability."),
]
Weights = Annotated[
    Literal["auto", "float32", "bfloat16", "int8"] | None,
    _option(SAMPLES, help="Generators: weights while they write; auto unless given: the fastest that costs little."),
]
SampleSeed = Annotated[
    int | None, _option(SAMPLES, "--seed", min=0, help="Generators: random seed; the same seed gives the same text.")
]
Speaker = Annotated[str | None, _option(SAMPLES, help="Voices: the speaker.")]
Pace = Annotated[float | None, _option(SAMPLES, min=0.25, max=4.0, help="Voices: speed; 2 is twice as fast.")]

Levels = Annotated[str, _option(OUTPUT, metavar="PERCENTS", help="Prediction intervals, in percent.")]
WhatIf = Annotated[
    list[str] | None,
    _option(OUTPUT, metavar="NAME=CHANGE", help="Change a known-future covariate: price=+10%, price=12.5."),
]
Folder = Annotated[Path, _option(OUTPUT, "--out", metavar="DIR", help="Output folder.")]
Quiet = Annotated[bool, _option(OUTPUT, "--quiet", "-q", help="Print only errors.")]
Debug = Annotated[bool, _option(OUTPUT, "--debug", help="Show the traceback of an error.")]
