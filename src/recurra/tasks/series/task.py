"""Series of numbers, as everybody else sees the task: what `recurra generate` does with a table of numbers."""

from typing import Literal

from recurra.tasks.task import Column, Option, Task

SERIES = Task(
    name="series",
    kind="series generator",
    summary="Learn the rows of a table of numbers in FILE and make new ones, evaluated against later real rows.",
    examples=(),
    estimator="recurra.tasks.series.estimator:SeriesGenerator",
    reader="own",
    hidden=True,
    inputs=(
        Column("kind", "What the file holds.", names=False, kind=Literal["auto", "series"], default="auto"),
        Column("time", "Of rows: the column of times; detected unless given."),
        Column("series", "Of rows: the column that tells series apart, each generated as its own.", flag="--series"),
    ),
    shared=("day_first", "share", "cell", "hidden"),
    defaults=(("cell", "gru"), ("share", 0.2)),
    options=(
        Option(
            "method",
            Literal["auto", "likelihood", "gan"],
            "Of rows: how they are learnt; auto tries both and keeps the better.",
            default="auto",
        ),
        Option("rows", int, "Of rows: how many to make; 1000 unless given.", least=1, shown=True, panel="samples"),
        Option("window", int, "Rows of a window that is evaluated.", default=24, least=4, panel="evaluation"),
    ),
    files=("synthetic.csv", "report.html", "report.png"),
    shows_results=True,
)
