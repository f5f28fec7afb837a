"""The task of playing, as everybody else sees it."""

from __future__ import annotations

from recurra.tasks.task import Option, Task

PLAY = Task(
    name="play",
    kind="recurrent agent",
    summary="Learn an agent with memory in the environment FILE (of gymnasium, by its name), and whether memory helps.",
    examples=(
        ("play CartPoleNoVel", "a pole to balance, its velocities hidden"),
        ("play PendulumNoVel --discount 0.9 --entropy 0", "a pendulum to swing up"),
        ("play popgym-RepeatPreviousEasy-v0 --members 3", "an environment of popgym, three agents"),
    ),
    estimator="recurra.tasks.play.agent:RecurrentAgent",
    reader="own",
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
        Option("episodes", int, "Fresh episodes of each agent that judge.", default=50, panel="evaluation", least=2),
    ),
    files=("episodes.csv", "report.html", "report.png"),
    writes="Writes episodes.csv (those that judged), report.html, report.png and NAME.safetensors (the model).",
)
