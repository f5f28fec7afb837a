"""The catalogues of translated texts: `python -m tests.catalogues` brings them up to date with the code, and compiles.

It prints the texts that have no translation yet. New texts are added to the `.po` file without one, those that are no
longer in the code are dropped, and changed ones keep nothing: a translation belongs to a text as it stands.
"""

from __future__ import annotations

import ast
import io
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from typer.main import get_command

import recurra
from recurra.cells.registry import get
from recurra.cli.help import help_texts
from recurra.cli.main import app
from recurra.report.units import NOUNS

ROOT = Path(recurra.__file__).resolve().parent
PLACE = ROOT / "locale" / "zh" / "LC_MESSAGES"
# Calls that mark a text, and which of their arguments hold one.
CALLS = {"_": (0,), "mark": (0,), "Fact": (0,), "print_facts": (1,), "print_frame": (1,), "using": (0,)}
COUNTS = ("count", "counted")
OTHER_NOUNS = (
    "test group",
    "test sequence",
    "test recording",
    "test speaker",
    "number",
    "category",
    "test passage",
    "character",
    "frame",
    "test session",
    "test game",
    "test sentence",
)  # that are counted through a variable
OWN_CELLS = ("rnn", "gru", "lstm", "mingru", "slstm")
OTHERS = ("words", "characters", "text", "audio", "label", "tags")  # how a text is cut; labels of facts by part


def extracted() -> Catalog:
    """What the code and the templates mark, with the nouns that they count, and what commands say in their help."""
    catalogue = Catalog(locale="zh", domain="recurra", fuzzy=False)
    templates = [("**.html.j2", "jinja2.ext:babel_extract")]
    for _name, _line, message, _comments, _context in extract_from_dir(ROOT, templates, {}, {"_": None}):
        catalogue.add(message)
    for path in sorted(ROOT.rglob("*.py")):
        for text in marked(ast.parse(path.read_text(encoding="utf-8"))):
            catalogue.add(text)
    for text in help_texts(get_command(app)):
        catalogue.add(text)
    for noun in (*NOUNS, *OTHER_NOUNS):
        catalogue.add(f"{{n}} {noun}")
    for text in (*NOUNS, *OTHERS, *parts_of_cells()):
        catalogue.add(text)
    return catalogue


def parts_of_cells() -> set[str]:
    """What the gates and states of Recurra's own cells are called."""
    cells = [get(name)() for name in OWN_CELLS]
    return {part.label for cell in cells for part in (*cell.gates, *cell.states)}


def marked(tree: ast.Module) -> Iterator[str | tuple[str, str]]:
    """The texts that a module marks, those inside f-strings and of conditions too."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        if name == "several" and len(node.args) > 2:
            yield str(ast.literal_eval(node.args[0])), str(ast.literal_eval(node.args[1]))
        for place in CALLS.get(name, ()):
            yield from strings(node.args[place]) if len(node.args) > place else ()
        if name in COUNTS and len(node.args) > 1:
            yield from (f"{{n}} {noun}" for noun in strings(node.args[1]))


def strings(node: ast.expr) -> list[str]:
    """The texts that an argument may be."""
    if isinstance(node, ast.IfExp):
        return strings(node.body) + strings(node.orelse)
    return [node.value] if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value else []


def kept() -> Catalog:
    """The catalogue as it stands in the `.po` file."""
    with (PLACE / "recurra.po").open("rb") as stream:
        return read_po(stream, locale="zh")


def compiled(catalogue: Catalog) -> bytes:
    """The catalogue as gettext reads it."""
    stream = io.BytesIO()
    write_mo(stream, catalogue)
    return stream.getvalue()


def main() -> None:
    """Update and compile."""
    now = extracted()
    PLACE.mkdir(parents=True, exist_ok=True)
    before = kept() if (PLACE / "recurra.po").exists() else Catalog(locale="zh")
    for message in now:
        old = before.get(message.id) if message.id else None
        if old is not None and old.string:
            message.string = old.string
    now.header_comment = "# Chinese texts of Recurra. python -m tests.catalogues updates this file and compiles it."
    with (PLACE / "recurra.po").open("wb") as stream:
        write_po(stream, now, sort_output=True, no_location=True, width=110, omit_header=False)
    (PLACE / "recurra.mo").write_bytes(compiled(now))
    for message in now:
        if message.id and not message.string:
            print(message.id)


if __name__ == "__main__":
    main()
