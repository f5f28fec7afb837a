"""Making sequences, as everybody else sees it."""

from typing import Literal

from recurra.tasks.task import Option, Task

GENERATE = Task(
    name="generate",
    kind="sequence generator",
    summary=(
        "Train a generator on the text, the music or the table of numbers in FILE, evaluate it against baselines, and "
        "write samples."
    ),
    writes="Writes samples.txt (of numbers synthetic.csv), report.html, report.png and NAME.safetensors (the model).",
    examples=(
        ("generate demo:letters", "a built-in text"),
        ("generate book.txt --length 2000 --temperature 0.8", "characters are detected and counted"),
        ('generate plays.txt --prompt "To be" --samples 5', "what it writes after a beginning"),
        ("generate chorales.csv --kind notes", "many notes at every step; demo:chords is built in"),
        ("generate sensors.csv --rows 1000", "new rows of numbers; demo:sensors and demo:digits are built in"),
        ("generate sensors.csv --kind series --method gan --series machine", "by an adversary, each machine its own"),
        ("generate corpus.txt --level subwords --hidden 1024", ""),
        ("generate book.txt --resume", "continue an interrupted run, with bit-identical results"),
    ),
    estimator="recurra.tasks.generate.estimator:SequenceGenerator",
    reader="text",
    cells=("transformer",),
    other="series",
    chooser="recurra.tasks.generate.choosing:chosen",
    argument=("FILE", "Plain text (also compressed), a table of notes or numbers; or built in, such as demo:letters."),
    options=(
        Option(
            "kind",
            Literal["auto", "text", "notes", "series"],
            "What the file holds: text, music, or rows of numbers.",
            default="auto",
            panel="network",
        ),
        Option(
            "level",
            Literal["auto", "characters", "subwords"],
            "What counts as one symbol of the text.",
            default="auto",
            panel="network",
        ),
        Option(
            "window",
            int,
            "Steps of truncated back-propagation; the state is carried on. Of rows: 24, those of a window of the "
            "evaluation.",
            default=64,
            least=2,
        ),
        Option("prompt", str, "The text that a sample continues.", shown=True, panel="samples"),
        Option(
            "length",
            int,
            "Symbols of a sample, or frames; 1000, or 48 frames, unless given.",
            least=1,
            shown=True,
            panel="samples",
        ),
        Option("samples", int, "How many samples.", default=3, least=1, shown=True, panel="samples"),
        Option(
            "temperature",
            float,
            "Below 1: likely symbols become likelier; 0: the likeliest.",
            default=1.0,
            least=0.0,
            shown=True,
            panel="samples",
        ),
        Option(
            "top_k", int, "Sample from this many of the likeliest symbols only.", least=1, shown=True, panel="samples"
        ),
        Option(
            "top_p",
            float,
            "Sample from the likeliest symbols that together reach this probability.",
            least=0.0,
            most=1.0,
            shown=True,
            panel="samples",
        ),
        Option(
            "weights",
            Literal["auto", "float32", "bfloat16", "int8"],
            "Of the network while it writes; auto: the fastest that costs at most 0.001 nats per symbol.",
            default="auto",
            shown=True,
            panel="samples",
        ),
    ),
    files=("samples.txt", "report.html", "report.png"),
    shows_results=True,
)
