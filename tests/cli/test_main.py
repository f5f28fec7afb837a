"""The command as a whole: help, version, and what becomes of an error."""

from __future__ import annotations

import subprocess
import sys
import time

import pytest

from recurra import __version__
from recurra.cli import main as command
from recurra.errors import InputError

COMMANDS = ("forecast", "predict", "evaluate", "inspect", "bench", "textbook", "doctor")


def run(*arguments: str, code: str = "from recurra.cli.main import main; main()") -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, timeout=60)


def raising(statement: str) -> str:
    """A program that runs the command with a doctor that does `statement`."""
    return (
        "import recurra.cli.commands.doctor as d, recurra.cli.main as m\n"
        f"def broken(): {statement}\n"
        "d._machine = broken\n"
        "m.main()"
    )


def test_version() -> None:
    done = run("--version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"recurra {__version__}\n", "")


def test_help_lists_the_commands_and_is_quick() -> None:
    started = time.perf_counter()
    done = run("--help")
    seconds = time.perf_counter() - started
    assert done.returncode == 0
    assert all(name in done.stdout for name in COMMANDS)
    assert "\x1b" not in done.stdout
    assert seconds < 2.0  # 0.3 s on an idle machine; torch alone would take longer than this


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_a_command_has_examples(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        command.main([name, "--help"])
    assert leaving.value.code == 0
    assert f"recurra {name} " in capsys.readouterr().out.split("Examples")[1]


def test_a_refusal_is_one_message_and_status_2(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise InputError("column '[b]' is not there: name the target with --target")

    monkeypatch.setattr("recurra.cli.commands.doctor._machine", refuse)
    with pytest.raises(SystemExit) as leaving:
        command.main(["doctor"])
    captured = capsys.readouterr()
    assert leaving.value.code == 2
    assert captured.err == "error: column '[b]' is not there: name the target with --target\n"
    assert captured.out == ""
    with pytest.raises(InputError):
        command.main(["doctor", "--debug"])


def test_a_bug_is_one_line_and_status_1() -> None:
    done = run("doctor", code=raising("return {}['nothing']"))
    assert done.returncode == 1
    assert done.stderr.startswith("error: this is a bug in recurra: KeyError: 'nothing' (run again with --debug")
    assert done.stderr.count("\n") == 1


def test_debug_shows_the_traceback() -> None:
    done = run("doctor", "--debug", code=raising("return {}['nothing']"))
    assert done.returncode == 1
    assert "Traceback (most recent call last)" in done.stderr
    assert "bug in recurra" not in done.stderr


def test_a_fault_of_the_machine_is_not_called_a_bug() -> None:
    done = run("doctor", code=raising("raise OSError(28, 'No space left on device', 'model.safetensors')"))
    assert done.returncode == 1
    assert done.stderr.startswith("error: [Errno 28] No space left on device: 'model.safetensors'")


def test_ctrl_c_leaves_with_130_and_no_traceback() -> None:
    done = run("doctor", code=raising("raise KeyboardInterrupt"))
    assert done.returncode == 130
    assert "Traceback" not in done.stderr


def test_ctrl_c_while_a_library_is_loaded() -> None:
    broken = run(
        "doctor",
        code=raising("exec('try: raise KeyboardInterrupt\\nexcept BaseException as e: raise ImportError from e')"),
    )
    assert (broken.returncode, broken.stderr) == (130, "")


def test_a_closed_pipe_is_quiet() -> None:
    line = f"{sys.executable} -m recurra doctor --json | true"
    done = subprocess.run(["bash", "-c", line], capture_output=True, text=True, timeout=60)
    assert done.stderr == ""


@pytest.mark.parametrize(
    "arguments", [["forecast"], ["nonsense"], ["doctor", "--nonsense"], ["forecast", "x", "--cell", "x"]]
)
def test_wrong_usage_is_status_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        command.main(arguments)
    assert leaving.value.code == 2
    assert capsys.readouterr().err
