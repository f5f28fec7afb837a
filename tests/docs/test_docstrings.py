"""Our docstrings as Markdown."""

from __future__ import annotations

import importlib
import re

import pytest
from docs.hooks.docstrings import to_markdown
from tests.docs.pages import pages, read

from recurra.report import panels

PACKAGES = [
    "bench",
    "cells",
    "data",
    "deploy",
    "inputs",
    "inspect",
    "keras",
    "kernels",
    "nn",
    "report",
    "tasks",
    "textbook",
    "training",
]
# No public names, but what public ones take or give, or what stands in a module of its own.
ALSO_SHOWN = {
    "deploy": {"Case", "Exported", "write_c_model", "write_onnx"},
    "tasks": {
        "AgentOptions",
        "Ahead",
        "Augmentation",
        "Between",
        "ColumnArguments",
        "EventStream",
        "ForecastStreams",
        "GeneratorOptions",
        "LabelledStreams",
        "OneOf",
        "Player",
        "Practice",
        "SpeechStream",
        "TranscriptionOptions",
        "Tuned",
        "VoiceOptions",
        "Watched",
        "tune",
    },
    "report": set(panels.__all__) - {"PANELS"},
}
NOT_SHOWN = {
    "bench": {"FULL", "QUICK"},
    "cells": {"Gate", "State"},  # in the module cell
    "keras": {"layers", "models"},
    "kernels": {"operator"},
    "nn": {"MinGRU", "SLSTM"},  # made of their cells: CellLayer says what they take
}


def test_examples_become_blocks() -> None:
    assert to_markdown("Adds.\n\n>>> 1 + 1\n2\n") == "Adds.\n\n```pycon\n>>> 1 + 1\n2\n```"


def test_aligned_names_become_a_definition_list() -> None:
    text = "Arguments as torch's, and\nhidden    so many units,\n          and no more\nlayers    stacked"
    assert to_markdown(text) == (
        "Arguments as torch's, and\n\n`hidden`\n:   so many units, and no more\n\n`layers`\n:   stacked"
    )


def test_equations_and_prose_stay() -> None:
    text = "Words.\n\n    h_t = tanh(c_t)          with care\n\nMore words on\ntwo lines."
    assert to_markdown(text) == text


def test_two_names_in_a_row() -> None:
    assert to_markdown("steps, rate  of AdamW\nx  the input") == "`steps, rate`\n:   of AdamW\n\n`x`\n:   the input"


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize("language", ["en", "zh"])
def test_a_page_shows_every_public_name(package: str, language: str) -> None:
    text = read(language, f"api/{package}.md")
    shown = {name.rsplit(".", 1)[-1] for name in re.findall(r"^::: (\S+)$", text, re.MULTILINE)}
    public = set(importlib.import_module(f"recurra.{package}").__all__) - NOT_SHOWN.get(package, set())
    public |= ALSO_SHOWN.get(package, set())
    if package == "cells":
        public = {name.lower() for name in public}  # module by module, for the equations above each
    assert shown == public


def test_every_package_has_a_page() -> None:
    assert {f"api/{package}.md" for package in [*PACKAGES, "index", "cli", "evaluation"]} == {
        page for page in pages("en") if page.startswith("api/")
    }
