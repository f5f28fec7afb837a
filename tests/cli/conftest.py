"""A small forecast made once by the command, for all tests that look at its results."""

from __future__ import annotations

import contextlib
import io

import pytest
from tests.cli.labelled import empty_page
from tests.cli.shops import HORIZON, Made, shop_sales

from recurra.cli.main import main


@pytest.fixture(scope="session")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """The result of `recurra forecast` on `shop_sales()`."""
    folder = tmp_path_factory.mktemp("made")
    source = folder / "sales.csv"
    shop_sales().to_csv(source, index=False)
    out = folder / "results"
    arguments = ["forecast", str(source), "--target", "units", "--horizon", str(HORIZON), "--out", str(out)]
    arguments += ["--members", "1", "--epochs", "2", "--levels", "50,80", "--method", "network", "--windows", "2"]
    printed, progress = io.StringIO(), io.StringIO()
    with (
        contextlib.redirect_stdout(printed),
        contextlib.redirect_stderr(progress),
        pytest.raises(SystemExit) as leaving,
    ):
        main(arguments)
    assert leaving.value.code == 0, progress.getvalue()
    return Made(out, source, arguments, printed.getvalue(), progress.getvalue())


@pytest.fixture
def without_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """The page of labelled sequences, which takes seconds, is an empty file."""
    empty_page(monkeypatch)
