"""Text to speech, as everybody else sees it."""

from __future__ import annotations

from typing import Literal

from recurra.tasks.task import Column, Option, Task

SPEAK = Task(
    name="speak",
    kind="voice",
    summary="Learn a voice from the recordings in FILE and evaluate what it says against baselines.",
    examples=(
        ("speak demo:voice", "built-in recordings of numbers, by one synthesised voice"),
        ("speak recordings.csv --audio file --text words", "a table of sound files and what is said in them"),
        ("speak recordings.csv --speaker name", "several voices in one"),
        ("speak recordings.csv --units phones --language de", "phones by espeak-ng"),
    ),
    estimator="recurra.tasks.speak.voice:Voice",
    reader="own",
    inputs=(
        Column("audio", "The column of sound files, from the table's folder."),
        Column("text", "The column of texts: what is said in each recording."),
        Column("speaker", "The column of speakers, each of whom becomes a voice."),
    ),
    shared=("test", "share", "split", "cell", "hidden"),
    defaults=(("share", 0.12), ("cell", "gru")),
    options=(
        Option("rate", int, "Sample rate; the commonest of the files, at most 16,000, unless given.", least=1000),
        Option(
            "units",
            Literal["auto", "characters", "pinyin", "phones"],
            "What a text is read as; pinyin of Chinese, else characters, unless given.",
            default="auto",
            panel="network",
        ),
        Option("language", str, "Of phones: a language of espeak-ng, such as de or en-us.", default=""),
        Option("iterations", int, "Rounds of Griffin-Lim.", default=32, least=0, most=10_000, panel="evaluation"),
    ),
    files=("spoken.csv", "report.html", "report.png"),
    writes="Writes spoken.csv (of the test part), report.html, report.png and NAME.safetensors (the model).",
    shows_results=True,
)
