"""Two commands that would write the same: the second is refused, whatever became of the first is not in its way."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from recurra.cli.claims import CLAIMS, claim, claims_of_a_command
from recurra.cli.main import main
from recurra.errors import InputError
from recurra.language import set_language

HOLD = """
import sys
from pathlib import Path
from recurra.cli.claims import claim, claims_of_a_command

with claims_of_a_command():
    claim([Path(name) for name in sys.argv[1:]])
    print("held", flush=True)
    sys.stdin.read()
"""


@contextmanager
def held_by_another(*paths: Path) -> Iterator[subprocess.Popen[str]]:
    """A process that holds the paths until its input ends."""
    command = [sys.executable, "-c", HOLD, *map(str, paths)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_what_is_claimed_twice_in_a_command_is_held_once_and_leaves_nothing(tmp_path: Path) -> None:
    out = tmp_path / "new" / "results"
    with claims_of_a_command():
        claim([out / "a.csv", out / "b.csv"])
        claim([out / "a.csv"])
        assert {path.name for path in (out / CLAIMS).glob("*.lock")} == {"a.csv.lock", "b.csv.lock"}
    assert list(tmp_path.iterdir()) == []


def test_outside_of_a_command_nothing_is_claimed(tmp_path: Path) -> None:
    claim([tmp_path / "a.csv"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.spawn
def test_another_process_holds_it(tmp_path: Path) -> None:
    with held_by_another(tmp_path / "a.csv", tmp_path / "b.csv") as other:
        with claims_of_a_command():
            claim([tmp_path / "c.csv"])
        for language, said in (("en", "is in use: process"), ("zh", "正在使用中：进程")):
            with claims_of_a_command(), set_language(language), pytest.raises(InputError) as refused:
                claim([tmp_path / "c.csv", tmp_path / "b.csv"])
            assert said in str(refused.value)
            assert all(part in str(refused.value) for part in (str(tmp_path), str(other.pid), "b.csv", "--out"))
        other.communicate("")  # it ends by itself
        with claims_of_a_command():
            claim([tmp_path / "a.csv"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.spawn
def test_a_killed_process_is_in_nobodys_way(tmp_path: Path) -> None:
    with held_by_another(tmp_path / "a.csv") as other:
        os.kill(other.pid, getattr(signal, "SIGKILL", signal.SIGTERM))
        other.wait()
        assert (tmp_path / CLAIMS / "a.csv.lock").exists()
        with claims_of_a_command():
            claim([tmp_path / "a.csv"])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.spawn
@pytest.mark.parametrize(
    ("command", "file"),
    [
        ("forecast demo:co2 --fast --out {out}", "report.html"),
        ("generate demo:letters --out {out}", "report.html"),
        ("bench --csv {out}/speed.csv", "speed.csv"),
    ],
)
def test_a_command_is_refused_before_it_begins(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, file: str
) -> None:
    out = tmp_path / "results"
    with held_by_another(out / file) as other, pytest.raises(SystemExit) as ended:
        main(command.format(out=out).split())
    assert ended.value.code == 2
    told = " ".join(capsys.readouterr().err.split())
    assert f"{out} is in use: process {other.pid} (" in told
    assert f"is writing {file} there; wait until it has ended, stop it, or choose another place with --out" in told
