"""Notebooks: one code in both languages, nothing executed in the files, and how they become pages."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest
from docs.hooks import notebooks
from nbclient.exceptions import CellExecutionError
from tests.docs.pages import DOCS, LANGUAGES

FOLDERS = {language: DOCS / language / "notebooks" for language in LANGUAGES}
NAMES = sorted(path.name for path in FOLDERS["en"].glob("*.ipynb"))


def small(*cells: str) -> nbformat.NotebookNode:
    made = [nbformat.v4.new_markdown_cell("# Title"), *map(nbformat.v4.new_code_cell, cells)]
    return nbformat.v4.new_notebook(cells=made)


def written(folder: Path, notebook: nbformat.NotebookNode) -> Path:
    path = folder / "small.ipynb"
    nbformat.write(notebook, path)
    return path


def test_both_languages_have_every_notebook() -> None:
    assert NAMES
    assert sorted(path.name for path in FOLDERS["zh"].glob("*.ipynb")) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_the_code_is_the_same(name: str) -> None:
    english, chinese = (notebooks.read(FOLDERS[language] / name) for language in LANGUAGES)
    assert notebooks.code(chinese) == notebooks.code(english)
    assert [cell.cell_type for cell in chinese.cells] == [cell.cell_type for cell in english.cells]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_executed_in_the_file(name: str, language: str) -> None:
    notebook = notebooks.read(FOLDERS[language] / name)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            assert not cell.outputs
            assert cell.execution_count is None
    assert set(notebook.metadata) <= {"kernelspec", "language_info"}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("language", LANGUAGES)
def test_it_begins_with_a_title_and_needs_no_data_of_others(name: str, language: str) -> None:
    notebook = notebooks.read(FOLDERS[language] / name)
    assert notebook.cells[0].source.startswith("# ")
    assert not re.search(r"shared|read_csv\(|https?://", "\n".join(notebooks.code(notebook)))
    if language == "zh":
        assert re.search(r"[\u4e00-\u9fff]", notebook.cells[0].source.splitlines()[0])


def test_a_run_is_kept_until_code_or_sources_change(tmp_path: Path) -> None:
    sources, cache = tmp_path / "src", tmp_path / "cache"
    sources.mkdir()
    (sources / "a.py").write_text("1")
    path = written(tmp_path, small("import os, time\nprint(os.getpid(), time.time())"))

    def shown() -> str:
        return notebooks.executed(path, cache, sources).cells[1].outputs[0].text

    first = shown()
    assert shown() == first
    text = path.read_text().replace("# Title", "# Other words")
    path.write_text(text)
    assert shown() == first
    (sources / "a.py").write_text("2")
    second = shown()
    assert second != first
    assert len(list(cache.glob("*.ipynb"))) == 1


def test_an_error_in_a_cell_fails(tmp_path: Path) -> None:
    with pytest.raises(CellExecutionError, match="ZeroDivisionError"):
        notebooks.executed(written(tmp_path, small("1 / 0")), tmp_path / "cache", tmp_path)
    assert not list((tmp_path / "cache").glob("*.ipynb"))


def test_outputs_go_to_the_same_cells() -> None:
    run = small("print(1)", "2")
    run.cells[1].outputs = [nbformat.v4.new_output("stream", text="1\n")]
    chinese = small("print(1)", "2")
    chinese.cells[0].source = "# 标题"
    given = notebooks.with_outputs(chinese, run)
    assert given.cells[0].source == "# 标题"
    assert given.cells[1].outputs[0].text == "1\n"
    with pytest.raises(ValueError, match="differ"):
        notebooks.with_outputs(small("print(2)", "2"), run)


def test_a_page_of_it() -> None:
    notebook = small("code()", "quiet()")
    notebook.cells[1].outputs = [
        nbformat.v4.new_output("stream", text="\x1b[31mred\x1b[0m\n"),
        nbformat.v4.new_output("display_data", {"image/png": "aGVsbG8=", "text/plain": "<Figure>"}),
        nbformat.v4.new_output("execute_result", {"text/html": "<style>x</style><table></table>", "text/plain": "t"}),
        nbformat.v4.new_output("execute_result", {"text/plain": "42"}),
    ]
    text, pictures = notebooks.to_markdown(notebook, "page")
    assert text.count('<div class="cell-output" markdown>') == 1
    assert "````text\nred\n````" in text
    assert "````text\n42\n````" in text
    assert "![](page-1-1.png)" in text
    assert "<table></table>" in text
    assert "<style>" not in text
    assert pictures == {"page-1-1.png": b"hello"}
