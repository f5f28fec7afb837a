"""A file of labelled sequences, as the commands for them read it: the flags as given, what was found, the examples."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recurra.cli.console import stderr, waiting
from recurra.cli.flags.reading import Reading
from recurra.cli.flags.values import split_names, split_words
from recurra.errors import InputError

if TYPE_CHECKING:
    from recurra.data.examples.gathering import Gathered
    from recurra.data.examples.understanding import Roles
    from recurra.tasks.labelled.opened import Opened


@dataclass(frozen=True, kw_only=True)
class Columns:
    """The column flags as they were given."""

    text: Sequence[str] | None = None
    sequence: Sequence[str] | None = None
    label: Sequence[str] | None = None
    series: str | None = None
    time: str | None = None
    features: Sequence[str] | None = None
    static: Sequence[str] | None = None
    ignore: Sequence[str] | None = None
    group: str | None = None
    split: str | None = None
    label_separator: str | None = None
    audio: Sequence[str] | None = None
    merge_case: bool = False

    def texts(self, task: str) -> set[str]:
        """Names that stand for text only, as they may be meant: columns are not known before the file is read."""
        tags = self.label if task == "tag" and self.series is None else None
        given = [*(self.text or ()), *(self.sequence or ()), *(tags or ())]
        return {*given, *split_words(given)}


def open_examples(file: str, reading: Reading, *, text: Collection[str], quiet: bool) -> Opened:
    """Read FILE with the reading flags as they were given; of CSV the columns named in `text` are text as written."""
    from recurra.data.examples.files import read_examples_file
    from recurra.data.files.source import stem
    from recurra.tasks.labelled.opened import Opened

    name = file.removeprefix("demo:") if file.startswith("demo:") else stem(Path(file))
    source = Path(file).name
    with waiting(stderr(quiet), f"reading {source}"):
        frame, facts = read_examples_file(file, **reading.arguments(), text=text)
    reading.untold[:] = [fact.value for fact in facts if fact.label == "note"]
    place = Path(file).expanduser()
    folder = None if file.startswith("demo:") else place if place.is_dir() else place.parent
    return Opened(frame, facts, name, source, folder)


def understand(opened: Opened, columns: Columns, *, task: str, level: str, vectors: Path | None) -> tuple[Roles, list]:
    """The parts of the columns as the flags name them, else inferred; texts are cut as `level` says."""
    from recurra.data.examples.inputs import Text
    from recurra.data.examples.understanding import understand_examples
    from recurra.tasks import get

    known = [str(column) for column in opened.frame.columns]
    roles, facts = understand_examples(
        opened.frame,
        target=get(task).target,
        text=split_names(columns.text, known),
        sequence=split_names(columns.sequence, known),
        audio=split_names(columns.audio, known),
        label=split_names(columns.label, known),
        series=columns.series,
        time=columns.time,
        features=split_names(columns.features, known),
        static=None if columns.static is None else split_names(columns.static, known),
        ignore=split_names(columns.ignore, known),
        group=columns.group,
        split=columns.split,
        label_separator=columns.label_separator,
        merge_case=columns.merge_case,
        source=opened.source,
    )
    texts = [name for name, kind in roles.inputs.items() if isinstance(kind, Text)]
    asked: dict[str, Any] = {} if level == "auto" else {"level": level}
    asked |= {} if vectors is None else {"vectors": str(vectors)}
    if asked and not texts:
        flag = "--level" if "level" in asked else "--vectors"
        raise InputError(f"{flag} is about texts, and {opened.source} is read without one: name it with --text")
    if vectors is not None and not vectors.is_file():
        raise InputError(
            f"there is no file {vectors}: expected word vectors, a word and its numbers a line (--vectors)"
        )
    inputs = {name: replace(kind, **asked) if isinstance(kind, Text) else kind for name, kind in roles.inputs.items()}
    return replace(roles, inputs=inputs), facts


def refuse_unknown_inputs(optional: Sequence[str], gathered: Gathered) -> None:
    """Raise `InputError` for an optional input that is none."""
    from recurra.data.schema.names import require_columns

    require_columns(optional, list(gathered.examples.kinds), "the inputs", "--optional")
