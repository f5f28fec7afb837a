"""What comes next, as everybody else sees it."""

from typing import Literal

from recurra.tasks.task import Option, Task

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
    Option(
        "least", int, "Events that must have come before one that is asked for.", default=1, panel="evaluation", least=1
    ),
)

RECOMMEND = Task(
    name="recommend",
    kind="next event",
    summary="Learn from the histories of FILE what comes next, ranked over all items, beside neighbours and popularity.",
    writes="Writes predictions.csv (of the test part), report.html, report.png and NAME.safetensors (the model).",
    examples=(
        ("recommend demo:shop", "built-in histories of a shop"),
        ("recommend clicks.csv --session session --item item --time ts", "the rest is detected and reported"),
        ("recommend log.csv --user case --item activity --split histories", "the next activity of a process"),
        ("recommend orders.csv --items catalogue.csv", "new items by their features"),
    ),
    estimator="recurra.tasks.next_event.estimator:NextEvent",
    reader="events",
    options=OPTIONS,
)
