"""What `recurra inspect MODEL --file` prints: what is in a model file, of which nothing is built."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
from rich.console import Console

from recurra.cli.console import print_facts, print_frame
from recurra.data.schema.facts import Fact
from recurra.deploy.description import describe
from recurra.language import _

_MOST = 10_000  # lines


def print_file(console: Console, model: Path) -> None:
    """Kind, format, maker, verdict, parts and tensors with their sizes."""
    found = describe(model)
    facts = [
        Fact("kind", found.kind),
        Fact("file format", str(found.version)),
        Fact("made by", _("Recurra {made_by}", made_by=found.made_by)),
        Fact("verdict", found.verdict or _("none: it was not evaluated")),
        Fact("size", _("{size:,} bytes, the checksum is right", size=found.size)),
    ]
    print_facts(console, "What the file says", facts)
    parts = [
        {"part": p.name, "class": p.kind, "JSON bytes": p.text, "tensors": p.tensors, "bytes": p.numbers}
        for p in found.parts
    ]
    print_frame(console, "Parts", pd.DataFrame(parts), rows=_MOST)
    tensors = [
        {"tensor": name, "type": kind, "shape": " x ".join(map(str, shape)) or _("one number"), "bytes": size}
        for name, kind, shape, size in found.tensors
    ]
    print_frame(console, "Tensors", pd.DataFrame(tensors), rows=_MOST)
