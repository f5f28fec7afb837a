"""Synthetic series, as everybody else sees the task."""

from recurra.tasks.task import Column, Option, Task

SYNTHESIZE = Task(
    name="synthesize",
    kind="series generator",
    summary="Learn the rows of a table of numbers in FILE and make new ones, evaluated against later real rows.",
    examples=(
        ("synthesize sensors.csv --rows 1000", "new rows with the columns of the real ones"),
        ("synthesize sensors.csv --time when", "times go on after the last"),
    ),
    estimator="recurra.tasks.synthesize.estimator:SeriesGenerator",
    reader="own",
    inputs=(Column("time", "The column of times; detected unless given."),),
    shared=("share", "cell", "hidden"),
    defaults=(("cell", "gru"), ("share", 0.2)),
    options=(
        Option("rows", int, "Rows to make; 1000 unless given.", least=1, shown=True, panel="samples"),
        Option("window", int, "Rows of a window that is evaluated.", default=24, least=4, panel="evaluation"),
    ),
    files=("synthetic.csv", "report.html", "report.png"),
    writes="Writes synthetic.csv, report.html, report.png and NAME.safetensors (the model).",
    shows_results=True,
)
