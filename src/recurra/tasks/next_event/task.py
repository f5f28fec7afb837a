"""What comes next, as everybody else sees it."""

from typing import Literal

from recurra.tasks.task import Column, Option, Task

OPTIONS = (
    Option(
        "seen",
        Literal["auto", "keep", "exclude"],
        "Whether items of the past may be proposed again; as the histories have it unless given.",
        default="auto",
        panel="evaluation",
    ),
    Option(
        "split",
        Literal["time", "histories"],
        "What judges: the events after a moment, or whole histories that begin later.",
        default="time",
        panel="evaluation",
    ),
    Option("members", int, "Networks in the ensemble.", default=1, least=1),
    Option(
        "least", int, "Events that must have come before one that is asked for.", default=1, panel="evaluation", least=1
    ),
)

RECOMMEND = Task(
    name="recommend",
    kind="next event",
    summary="Learn from the histories of FILE what comes next, ranked among all items, beside neighbours.",
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
        Column("user", "What a history belongs to: user, session, case.", flag="--user --session"),
        Column("item", "What an event is about: item, activity, move."),
        Column("time", "When it was; else the order of rows."),
        Column("features", "What comes with an event: price, dwell, rating.", several=True, metavar="NAMES"),
        Column("items", "A table of items and their features.", names=False, metavar="FILE"),
        Column(
            "repeats",
            "Rows that repeat user, item and time of the one before.",
            names=False,
            kind=Literal["drop", "keep"],
            default="drop",
        ),
    ),
    shared=("ignore", "test", "share", "cell", "hidden"),
    options=OPTIONS,
)
