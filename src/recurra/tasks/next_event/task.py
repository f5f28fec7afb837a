"""What comes next, as everybody else sees it."""

from typing import Literal

from recurra.tasks.task import Column, Option, Task

OPTIONS = (
    Option(
        "seen",
        Literal["auto", "keep", "exclude"],
        "Whether past items may be recommended again; detected unless given.",
        default="auto",
        panel="evaluation",
    ),
    Option(
        "split",
        Literal["time", "histories"],
        "What to evaluate on: the events after a moment, or whole histories that begin later.",
        default="time",
        panel="evaluation",
    ),
    Option("members", int, "Networks in the ensemble.", default=1, least=1),
    Option("least", int, "Fewest events before an event that is evaluated.", default=1, panel="evaluation", least=1),
)

RECOMMEND = Task(
    name="recommend",
    kind="next event",
    summary=("Train a recommender of what comes next on the histories in FILE and evaluate it against baselines."),
    writes="Writes predictions.csv (of the test part), report.html, report.png and NAME.safetensors (the model).",
    examples=(
        ("recommend demo:shop", "built-in histories of a shop"),
        ("recommend clicks.csv --session session --item item --time ts", "the rest is detected and reported"),
        ("recommend log.csv --user case --item activity --split histories", "the next activity of a process"),
        ("recommend orders.csv --items catalogue.csv", "new items by their features"),
    ),
    estimator="recurra.tasks.next_event.estimator:NextEvent",
    reader="own",
    inputs=(
        Column("user", "The history identifier column: user, session, case.", flag="--user --session"),
        Column("item", "The item column: item, activity, move."),
        Column("time", "The time column; the order of rows counts unless given."),
        Column("features", "Columns that describe an event: price, dwell, rating.", several=True, metavar="NAMES"),
        Column("items", "A table of items and their features.", names=False, metavar="FILE"),
        Column(
            "repeats",
            "Rows that repeat user, item and time of the one before.",
            names=False,
            kind=Literal["drop", "keep"],
            default="drop",
        ),
        Column(
            "empty",
            "How to handle rows without a history, an item or a time.",
            names=False,
            kind=Literal["refuse", "drop"],
            default="refuse",
        ),
    ),
    shared=("day_first", "ignore", "test", "share", "cell", "hidden"),
    cells=("transformer",),
    options=OPTIONS,
)
