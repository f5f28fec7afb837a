"""The flags of the subcommands: their types and their help."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

COLUMNS = "Columns (inferred, and said, unless named)"
READING = "Reading the file (detected unless given)"
JUDGING = "Judging"
LEARNING = "Learning"
NETWORK = "The network"
OUTPUT = "Output"


def _option(panel: str, *declarations: str, **settings: Any) -> Any:
    return typer.Option(*declarations, rich_help_panel=panel, **settings)


File = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help="CSV, TSV (also compressed), Parquet or Excel; or demo:NAME, data to try: demo:co2."
    ),
]
NewerFile = Annotated[
    str | None,
    typer.Argument(metavar="[FILE]", help="Newer data with the same columns; what a forecaster keeps if absent."),
]
ModelFile = Annotated[Path, typer.Argument(metavar="MODEL", help="A .safetensors file that Recurra wrote.")]

Target = Annotated[str | None, _option(COLUMNS, metavar="NAME", help="The column to forecast.")]
Time = Annotated[list[str] | None, _option(COLUMNS, metavar="NAMES", help="Time, or its parts: year,month,day,hour.")]
Series = Annotated[str | None, _option(COLUMNS, metavar="NAMES", help="What tells series apart: store,product.")]
Layout = Annotated[
    Literal["long", "wide-rows", "wide-columns"] | None,
    _option(COLUMNS, help="Series below each other, as rows, or as columns."),
]
Freq = Annotated[str | None, _option(COLUMNS, metavar="ALIAS", help="Distance of times: h, 30min, D, B, W, MS.")]
Zone = Annotated[str | None, _option(COLUMNS, metavar="ZONE", help="Time zone, such as Europe/Berlin.")]
DayFirst = Annotated[bool | None, _option(COLUMNS, "--day-first/--month-first", help="What 1/2/2026 means.")]
Past = Annotated[list[str] | None, _option(COLUMNS, metavar="NAMES", help="Known up to now.")]
Known = Annotated[list[str] | None, _option(COLUMNS, metavar="NAMES", help="Known ahead.")]
Static = Annotated[list[str] | None, _option(COLUMNS, metavar="NAMES", help="Constant per series.")]
Ignore = Annotated[list[str] | None, _option(COLUMNS, metavar="NAMES", help="To leave out.")]

Separator = Annotated[str | None, _option(READING, metavar="TEXT", help="Between fields: ',' ';' 'tab' '|' 'space'.")]
Encoding = Annotated[str | None, _option(READING, metavar="NAME", help="Such as utf-8, utf-16, gb18030.")]
Decimal = Annotated[str | None, _option(READING, metavar="SIGN", help="'.' or ','.")]
Thousands = Annotated[
    str | None, _option(READING, metavar="SIGN", help="Between groups of digits: '.' ',' \"'\" 'space' 'none'.")
]
Header = Annotated[bool | None, _option(READING, "--header/--no-header", help="Whether the first row holds names.")]
HeaderRows = Annotated[
    int | None, _option(READING, min=0, metavar="N", help="Rows of names and units above the data; 0 for none.")
]
SkipRows = Annotated[int | None, _option(READING, min=0, metavar="N", help="Lines above the header to skip.")]
Footer = Annotated[int | None, _option(READING, min=0, metavar="N", help="Lines below the data to skip.")]
Sheet = Annotated[str | None, _option(READING, metavar="NAME", help="The sheet of a workbook (.xlsx, .xls, .ods).")]
Missing = Annotated[list[str] | None, _option(READING, metavar="WORDS", help="Words for a missing value: '?,void'.")]

LaterFile = Annotated[str, typer.Argument(metavar="FILE", help="Later data with the same columns, or demo:NAME.")]
ExamplesFile = Annotated[
    str,
    typer.Argument(
        metavar="FILE", help="CSV, TSV (also compressed), Parquet, Excel or JSON lines; or demo:NAME, data to try."
    ),
]
Texts = Annotated[list[str] | None, _option(COLUMNS, "--text", metavar="NAMES", help="Language: read word by word.")]
Sequences = Annotated[
    list[str] | None,
    _option(COLUMNS, "--sequence", metavar="NAMES", help="Residues, bases; lists of events or of numbers."),
]
Label = Annotated[list[str] | None, _option(COLUMNS, metavar="NAMES", help="The class; several columns of 0 and 1.")]
TagColumn = Annotated[str | None, _option(COLUMNS, "--label", metavar="NAME", help="The tags: one for each step.")]
TargetColumns = Annotated[
    list[str] | None, _option(COLUMNS, "--target", metavar="NAMES", help="The number, or the numbers, to predict.")
]
LabelSeparator = Annotated[
    str | None, _option(COLUMNS, metavar="TEXT", help="Between several labels of one cell: 'drama;war'.")
]
SeriesOf = Annotated[
    str | None, _option(COLUMNS, "--series", metavar="NAMES", help="A row per step: what tells series apart.")
]
TimeOf = Annotated[
    str | None,
    _option(COLUMNS, "--time", metavar="NAME", help="With --series the order of steps; else the latest are tested."),
]
Features = Annotated[list[str] | None, _option(COLUMNS, metavar="NAMES", help="Columns of numbers: of a series.")]
Constants = Annotated[
    list[str] | None, _option(COLUMNS, "--static", metavar="NAMES", help="Numbers and categories of an example.")
]

TestFile = Annotated[str | None, _option(JUDGING, "--test", metavar="FILE", help="Examples to judge on.")]
Share = Annotated[float, _option(JUDGING, min=0.0, max=1.0, help="Of the examples that are kept for the test.")]
SplitColumn = Annotated[str | None, _option(JUDGING, "--split", metavar="NAME", help="A column of train and test.")]
Group = Annotated[str | None, _option(JUDGING, metavar="NAME", help="What stays together: patient, author, site.")]

Level = Annotated[
    Literal["auto", "words", "characters", "subwords"], _option(NETWORK, help="What is a step of a text.")
]
Vectors = Annotated[Path | None, _option(NETWORK, metavar="FILE", help="Word vectors to begin with, a word a line.")]
Hidden = Annotated[int | None, _option(NETWORK, min=1, help="Units in each direction.")]
Convolution = Annotated[str | None, _option(NETWORK, metavar="WIDTHS", help="Before the recurrence: 3,5; 0 for none.")]
ClassWeight = Annotated[
    Literal["none", "balanced"], _option(LEARNING, help="Whether rare classes count as much as common ones.")
]
LabelSmoothing = Annotated[
    float, _option(LEARNING, min=0.0, max=0.99, help="Share of a label that is spread over all classes.")
]
Optional = Annotated[list[str] | None, _option(COLUMNS, metavar="NAMES", help="Inputs that may be missing.")]
Empty = Annotated[
    Literal["refuse", "drop"], _option(COLUMNS, help="What becomes of examples without a word, letter or step.")
]

Horizon = Annotated[
    int | None, typer.Option(min=1, metavar="STEPS", help="Steps to forecast; a season's worth if not given.")
]
Cell = Annotated[Literal["rnn", "gru", "lstm"], _option(LEARNING, help="The recurrence.")]
Members = Annotated[int, _option(LEARNING, min=1, help="Networks whose outputs are averaged.")]
Season = Annotated[
    str | None,
    _option(LEARNING, metavar="STEPS", help="Season lengths: 24,168; 1 for none; found in the data if not given."),
]
Block = Annotated[
    int | None,
    _option(
        LEARNING, min=1, metavar="STEPS", help="Steps that make one step of the recurrence; a season if not given."
    ),
]
Windows = Annotated[int | None, _option(LEARNING, min=1, help="Backtest windows per series; by length if not given.")]
Epochs = Annotated[float | None, _option(LEARNING, help="Passes over the data; by its size if not given.")]
Seed = Annotated[int, _option(LEARNING, min=0, help="Same seed, same bits.")]
Schedule = Annotated[Literal["one-cycle", "plateau"], _option(LEARNING, help="How the learning rate moves.")]
Precision = Annotated[Literal["auto", "float32", "bfloat16"], _option(LEARNING, help="Of the arithmetic.")]
Devices = Annotated[int, _option(LEARNING, min=1, help="Processes to train with.")]
Log = Annotated[Path | None, _option(LEARNING, metavar="DIR", help="Write TensorBoard logs there.")]
Resume = Annotated[bool, _option(LEARNING, "--resume", help="Go on with a run that was killed.")]

Levels = Annotated[str, _option(OUTPUT, metavar="PERCENTS", help="Central intervals to give, in per cent.")]
Folder = Annotated[Path, _option(OUTPUT, "--out", metavar="DIR", help="Folder for what is written.")]
Quiet = Annotated[bool, _option(OUTPUT, "--quiet", "-q", help="Print nothing but errors.")]
Debug = Annotated[bool, _option(OUTPUT, "--debug", help="Show the traceback of an error.")]
