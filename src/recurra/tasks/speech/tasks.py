"""The tasks of speech, as everybody else sees them."""

from __future__ import annotations

from typing import Literal

from recurra.tasks.task import Column, Option, Task

AUDIO = Column("audio", "The column of sound files, relative to the table's folder, or of arrays.")
TEXT = Column("text", "The column of transcripts: what is said in each recording.")
SPEAKER = Column("group", "The speaker column; a speaker is either in training or in test.")

TRANSCRIBE = Task(
    name="transcribe",
    kind="transcriber",
    summary="Train a speech recogniser on the recordings in FILE and evaluate it against baselines.",
    examples=(
        ("transcribe demo:numbers", "built-in recordings of numbers, synthesised"),
        ("transcribe recordings.csv --audio file --text words", "a table of sound files and what is said in them"),
        ("transcribe recordings.csv --group speaker", "the test part has other speakers"),
        ("transcribe recordings.csv --lexicon words.dic --units phones", "how words are spoken; `--lm model.arpa`"),
        (
            "transcribe recordings.csv --decoder attention",
            "written unit by unit by a decoder that attends to the frames",
        ),
        ("transcribe recordings.csv --streaming --delay 0.4", "recognised as it is spoken"),
    ),
    estimator="recurra.tasks.speech.transcriber:Transcriber",
    reader="own",
    inputs=(AUDIO, TEXT, SPEAKER),
    cells=("transformer",),
    shared=("test", "share", "split", "cell", "hidden"),
    options=(
        Option("rate", int, "Sample rate at which sound is read; the commonest of the files unless given.", least=1000),
        Option(
            "features",
            Literal["log-mel", "cepstra"],
            "What a frame of sound becomes.",
            default="log-mel",
            panel="network",
        ),
        Option(
            "normalise",
            Literal["auto", "speaker", "utterance", "corpus"],
            "Whose mean and standard deviation normalise the features.",
            default="auto",
            panel="network",
        ),
        Option(
            "units",
            Literal["characters", "subwords", "phones"],
            "Output units of the network.",
            default="characters",
            panel="network",
        ),
        Option("lexicon", str, "File of the words that may be said, a word a line, or a word and its phones."),
        Option("lm", str, "Language model: learn (from the texts), none, or an ARPA file.", default="learn"),
        Option(
            "decoder",
            Literal["ctc", "attention"],
            "What makes text of the frames: CTC alone, or an attention decoder beside it.",
            default="ctc",
            panel="network",
        ),
        Option(
            "beam",
            int,
            "Width of the search; 0 for the likeliest unit of every step; 24 of CTC and 8 of attention unless given.",
            least=0,
            most=10_000,
        ),
        Option("streaming", bool, "A causal network, for streaming recognition.", default=False, panel="network"),
        Option("delay", float, "Seconds that it may wait.", default=0.4, least=0.0, panel="network"),
        Option("members", int, "Networks in the ensemble.", default=1, least=1),
    ),
    shows_results=True,
)
