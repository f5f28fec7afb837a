"""What mkdocs does beyond its plugins: notebooks and the repository's own documents become pages."""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import chinese
import notebooks
import offline
from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[2]
ALL_NOTEBOOKS = "notebooks/*"
# Documents of the repository that are pages of the English site; the Chinese site has its own text of each.
DOCUMENTS = {"design.md": "docs/design.md", "benchmarks.md": "benchmarks/README.md", "log.md": "docs/log.md"}
HELP = re.compile(r"^<!-- help: (?P<command>[a-z ]*)-->$", re.MULTILINE)
LOG = "<!-- log -->"

log = logging.getLogger("mkdocs.hooks.site")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Put every notebook into the navigation."""
    names = [f"notebooks/{path.stem}.md" for path in sorted(Path(config.docs_dir, "notebooks").glob("*.ipynb"))]
    for entry in config.nav or []:
        if isinstance(entry, dict):
            for title, below in entry.items():
                entry[title] = names if below == ALL_NOTEBOOKS else below
    return config


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add pages and pictures that do not lie in the folder of the language."""
    docs = Path(config.docs_dir)
    for name, source in DOCUMENTS.items():
        if not (docs / name).is_file():
            files.append(File.generated(config, name, content=(ROOT / source).read_text(encoding="utf-8")))
    for picture in sorted((ROOT / "docs" / "images").iterdir()):
        files.append(File.generated(config, f"images/{picture.name}", abs_src_path=str(picture)))
    for path in sorted((docs / "notebooks").glob("*.ipynb")):
        run = notebooks.executed(ROOT / "docs" / "en" / "notebooks" / path.name)
        text, pictures = notebooks.to_markdown(notebooks.with_outputs(notebooks.read(path), run), path.stem)
        files.append(File.generated(config, f"notebooks/{path.stem}.md", content=text))
        for name, content in pictures.items():
            files.append(File.generated(config, f"notebooks/{name}", content=content))
    return files


def on_page_markdown(markdown: str, page: Page, **kwargs: Any) -> str:
    """Fill in the help texts of the command line and the log."""
    markdown = HELP.sub(lambda found: f"```text\n{help_text(found['command'].strip())}\n```", markdown)
    if LOG in markdown:
        table = (ROOT / "docs" / "log.md").read_text(encoding="utf-8").split("\n", 1)[1]
        markdown = markdown.replace(LOG, table)
    return markdown


def on_page_content(html: str, config: MkDocsConfig, **kwargs: Any) -> str:
    """Chinese without blanks at the ends of lines."""
    return chinese.without_breaks(html) if config.theme["language"] == "zh" else html


@cache
def help_text(command: str) -> str:
    """What `recurra COMMAND --help` prints."""
    run = subprocess.run(
        [sys.executable, "-m", "recurra", *command.split(), "--help"],
        env={**os.environ, "COLUMNS": "88", "NO_COLOR": "1", "TERM": "dumb"},
        capture_output=True,
        text=True,
        check=True,
    )
    return "\n".join(line.rstrip() for line in run.stdout.strip("\n").splitlines())


def on_post_build(config: MkDocsConfig) -> None:
    """Warn, and so fail with --strict, where a page would load something from another host."""
    for found in offline.foreign_loads_below(Path(config.site_dir)):
        log.warning("another host is asked by %s", found)
