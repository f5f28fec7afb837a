"""Garbage is not looked for while a command imports, and is again afterwards."""

from __future__ import annotations

import gc
import subprocess
import sys

import pytest

from recurra.cli.opening import staying
from recurra.errors import RecurraError

PROGRAM = """
import gc
from recurra.cli.opening import staying
with staying():
    inside = gc.isenabled()
    import recurra.tasks.forecast.forecaster
first = gc.get_freeze_count()
with staying():
    again = gc.isenabled()
print(inside, gc.isenabled(), first > 100_000, again, gc.get_freeze_count() <= first)
"""


def test_what_is_imported_is_left_alone_and_later_garbage_is_not():
    done = subprocess.run([sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True", "True", "True", "True"]


def test_a_command_that_computed_in_the_engine_ends_without_a_word(tmp_path):
    """Its extension counts what is left of it at the end, and complains."""
    program = "import sys\nfrom recurra.cli.main import main\nsys.argv = ['recurra', *sys.argv[1:]]\nmain()"
    text = tmp_path / "book.txt"
    text.write_text("to be or not to be, that is the question. " * 60, encoding="utf-8")
    options = ["--epochs", "0.1", "--quiet", "--out", str(tmp_path / "out")]
    command = [sys.executable, "-c", program, "generate", str(text)]
    done = subprocess.run([*command, *options], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_garbage_is_looked_for_again_after_an_error():
    gc.unfreeze()
    with pytest.raises(RecurraError), staying():
        raise RecurraError("no")
    assert gc.isenabled()
    gc.unfreeze()


def test_a_process_that_never_looks_for_garbage_goes_on_so():
    gc.unfreeze()
    gc.disable()
    try:
        with staying():
            pass
        assert not gc.isenabled()
    finally:
        gc.enable()
