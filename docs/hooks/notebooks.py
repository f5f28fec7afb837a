"""Notebooks as pages: each is run once from a fresh kernel, and its outputs serve the pages of both languages.

What a run has given is kept under `.cache/notebooks`, by a digest of the code cells and of all of Recurra's sources, so
that a build after a change of words runs nothing. `python -m docs.hooks.notebooks` runs them all beforehand, on all
cores: two sites that are built at the same time would each run every one.
"""

from __future__ import annotations

import base64
import hashlib
import logging
import os
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from nbformat import NotebookNode

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache" / "notebooks"
SECONDS_PER_CELL = 300
PICTURES = {"image/svg+xml": "svg", "image/png": "png", "image/jpeg": "jpg"}
STYLE = re.compile(r"<style.*?</style>\s*", re.DOTALL)  # of pandas' tables: ours is in site.css
TERMINAL_COLOURS = re.compile(r"\x1b\[[0-9;]*[A-Za-z]")

log = logging.getLogger("mkdocs.hooks.notebooks")


def read(path: Path) -> NotebookNode:
    """A notebook file."""
    return nbformat.read(path, as_version=4)


def code(notebook: NotebookNode) -> list[str]:
    """The sources of a notebook's code cells."""
    return [cell.source for cell in notebook.cells if cell.cell_type == "code"]


def digest(cells: list[str], sources: Path) -> str:
    """Another text wherever a code cell or a source file below `sources` differs."""
    total = hashlib.blake2b(digest_size=12)
    for cell in cells:
        total.update(cell.encode() + b"\0")
    for path in sorted(sources.rglob("*")):
        if path.suffix in {".py", ".h", ".cpp"}:
            total.update(path.relative_to(sources).as_posix().encode() + b"\0" + path.read_bytes())
    return total.hexdigest()


def executed(path: Path, cache: Path = CACHE, sources: Path = ROOT / "src") -> NotebookNode:
    """The notebook at `path` with the outputs of a run from a fresh kernel; an error in a cell is raised."""
    notebook = read(path)
    kept = cache / f"{path.stem}-{digest(code(notebook), sources)}.ipynb"
    if kept.is_file():
        return read(kept)
    log.info("Running %s", path.name)
    folder = cache / path.stem  # what its cells write goes there
    folder.mkdir(parents=True, exist_ok=True)
    resources = {"metadata": {"path": str(folder)}}
    quiet = ["--log-level=ERROR"]  # or every kernel says that it talks to us over TCP
    client = NotebookClient(
        notebook, timeout=SECONDS_PER_CELL, kernel_name="python3", resources=resources, extra_arguments=quiet
    )
    client.execute()
    for old in cache.glob(f"{path.stem}-*.ipynb"):
        old.unlink()
    nbformat.write(notebook, kept)
    return notebook


def with_outputs(notebook: NotebookNode, run: NotebookNode) -> NotebookNode:
    """`notebook`, its code cells given the outputs of the same cells in `run`; ValueError where they are others."""
    if code(notebook) != code(run):
        raise ValueError("the code cells of the two notebooks differ")
    outputs = iter([cell.outputs for cell in run.cells if cell.cell_type == "code"])
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs = next(outputs)
    return notebook


def to_markdown(notebook: NotebookNode, name: str) -> tuple[str, dict[str, bytes]]:
    """A page, and its pictures by the path that the page gives them; `name` is the notebook's stem."""
    parts: list[str] = []
    pictures: dict[str, bytes] = {}
    for number, cell in enumerate(notebook.cells):
        if cell.cell_type != "code":
            parts.append(cell.source)
            continue
        parts.append(_fence("python", cell.source))
        shown = [_output(output, f"{name}-{number}-{k}", pictures) for k, output in enumerate(cell.outputs)]
        if any(shown):
            inside = "\n\n".join(filter(None, shown))
            parts.append(f'<div class="cell-output" markdown>\n\n{inside}\n\n</div>')
    return "\n\n".join(parts) + "\n", pictures


def _output(output: NotebookNode, stem: str, pictures: dict[str, bytes]) -> str:
    """One output as Markdown; a picture goes to `pictures` under a name that begins with `stem`."""
    if output.output_type == "stream":
        return _fence("text", output.text)
    data = output.data
    for kind, ending in PICTURES.items():
        if kind in data:
            path = f"{stem}.{ending}"
            pictures[path] = data[kind].encode() if ending == "svg" else base64.b64decode(data[kind])
            return f"![]({path})"
    for kind in ("text/html", "text/markdown"):
        if kind in data:
            return STYLE.sub("", data[kind])
    return _fence("text", data.get("text/plain", ""))


def _fence(language: str, text: str) -> str:
    text = TERMINAL_COLOURS.sub("", text).strip("\n")
    return f"````{language}\n{text}\n````" if text else ""


def main() -> None:
    """Run every notebook whose outputs are not kept, one for each core; those with most code first."""
    paths = (ROOT / "docs" / "en" / "notebooks").glob("*.ipynb")
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:  # each has a kernel, a process of its own
        list(pool.map(executed, sorted(paths, key=lambda path: -len("".join(code(read(path)))))))


if __name__ == "__main__":
    main()
