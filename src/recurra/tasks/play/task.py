"""The task of playing, as everybody else sees it."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from recurra.language import _
from recurra.tasks.task import Chosen, Column, Option, Task

_TABLES = (".csv", ".tsv", ".parquet", ".xlsx", ".jsonl", ".gz", ".xz")

PLAY = Task(
    name="play",
    kind="recurrent agent",
    summary="Learn an agent with memory in the environment ENV, and whether memory helps; or from FILE what an actor "
    "will do next.",
    examples=(
        ("play CartPoleNoVel", "a pole to balance, its velocities hidden"),
        ("play PendulumNoVel --discount 0.95 --entropy 0", "a pendulum to swing up"),
        ("play popgym-RepeatPreviousEasy-v0 --members 3", "an environment of popgym, three agents"),
        ("play games.csv --actor player --action move --episode game", "records: what a player will do next"),
    ),
    estimator="recurra.tasks.play.agent:RecurrentAgent",
    reader="own",
    other="moves",
    chooser="recurra.tasks.play.task:chosen",
    argument=("ENV|FILE", "An environment of gymnasium by its name; or a file of records of games."),
    shared=("cell", "hidden", "members"),
    defaults=(("cell", "gru"), ("members", 5)),
    options=(
        Option("frames", int, "Steps of all environments that each agent is trained on.", default=100_000, least=1),
        Option("discount", float, "What a reward counts a step later.", group="practice", least=0, most=1),
        Option(
            "entropy", float, "The weight of the policy's entropy: how much it tries out.", group="practice", least=0
        ),
        Option("environments", int, "Environments played side by side.", group="practice", least=1),
        Option("steps", int, "Steps of each environment between two rounds of learning.", group="practice", least=1),
        Option(
            "episodes", int, "Fresh episodes of each agent to evaluate on.", default=50, panel="evaluation", least=2
        ),
    ),
    files=("episodes.csv", "report.html", "report.png"),
    writes="Writes episodes.csv (those of the evaluation), report.html, report.png and NAME.safetensors (the model).",
)

MOVES = Task(
    name="moves",
    kind="next move",
    summary="Learn from records of games what an actor will do next.",
    examples=(),
    estimator="recurra.tasks.play.moves:NextMove",
    reader="own",
    hidden=True,
    inputs=(
        Column("actor", "Of records: the column of who acts."),
        Column(
            "action", "Of records: what was done; of several columns each is an actor.", several=True, metavar="NAMES"
        ),
        Column("episode", "Of records: the column of the game, match or session."),
        Column("step", "Of records: the column that orders the steps; else the order of rows.", flag="--round"),
        Column("features", "Of records: what else comes with a step.", several=True, metavar="NAMES"),
    ),
    shared=("test", "share", "cell", "hidden"),
    options=(
        Option("members", int, "Networks in the ensemble.", default=1, least=1),
        Option(
            "least",
            int,
            "Of records: actions of the actor that must have come before.",
            default=1,
            panel="evaluation",
            least=1,
        ),
    ),
)


def chosen(file: str, given: Mapping[str, Any]) -> Chosen:
    """A file is records of games, another name an environment."""
    if Path(file).is_file() or Path(file).suffix.lower() in _TABLES or file.startswith("demo:"):
        return Chosen("moves", _("records of games"))
    return Chosen("play", _("an environment"))
