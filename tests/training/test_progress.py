"""A bar where a person watches, a line where a file does, nothing else; and how long it will take."""

from __future__ import annotations

import io
import pickle
import sys
import time
from types import SimpleNamespace

import pytest
from rich.console import Console

from recurra import Forecaster, InputError
from recurra.training.estimate import TimeLeft, duration
from recurra.training.progress import (
    NotebookProgress,
    ProgressBar,
    check_verbose,
    default_progress,
    expect,
    following,
    quiet,
)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Seconds that pass only when told."""
    now = SimpleNamespace(seconds=100.0)
    monkeypatch.setattr(time, "monotonic", lambda: now.seconds)
    return now


def test_silence_where_nobody_watches(monkeypatch):
    assert type(default_progress()) is type(quiet())
    assert type(default_progress(False)) is type(quiet())
    assert isinstance(default_progress(True), ProgressBar)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    assert isinstance(default_progress(), ProgressBar)
    assert type(default_progress(False)) is type(quiet())


class Shown:
    """What a notebook shows."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, kernel: bool) -> None:
        self.pictures: list[str] = []
        shell = SimpleNamespace(kernel=object()) if kernel else SimpleNamespace()
        monkeypatch.setitem(sys.modules, "IPython", SimpleNamespace(get_ipython=lambda: shell))
        display = SimpleNamespace(HTML=str, display=self.display)
        monkeypatch.setitem(sys.modules, "IPython.display", display)

    def display(self, picture: str, *, display_id: bool) -> SimpleNamespace:
        self.pictures.append(picture)
        return SimpleNamespace(update=lambda changed: self.pictures.__setitem__(-1, changed))


def test_a_notebook_has_a_bar_that_changes(monkeypatch, clock):
    shown = Shown(monkeypatch, kernel=True)
    progress = default_progress()
    assert isinstance(progress, NotebookProgress)
    expect(progress, 2)
    for run in range(2):
        with following(progress, f"training <{run}>", 1000):
            for step in range(1, 1001):
                clock.seconds += 0.01
                progress.update(step, f"loss {1 / step:.3f}")
                if run == 0 and step == 500:
                    assert "about 15 s left in all" in shown.pictures[-1]
    (picture,) = shown.pictures  # one cell output, changed in place
    assert picture.count("<progress value=1000 max=1000>") == 2
    assert "training &lt;1&gt;" in picture
    assert "loss 0.001" in picture
    assert isinstance(pickle.loads(pickle.dumps(progress)), NotebookProgress)


def test_a_terminal_of_ipython_is_no_notebook(monkeypatch):
    Shown(monkeypatch, kernel=False)
    assert type(default_progress()) is type(quiet())


def test_a_line_says_how_long_all_will_take(clock):
    text = io.StringIO()
    bar = ProgressBar(Console(file=text, width=120))
    expect(bar, 3)
    with following(bar, "training 1/3", 1000):
        for step in range(1, 1001):
            clock.seconds += 0.1
            bar.update(step, "loss 1" if step % 100 == 0 else "")
            if step == 40:
                assert text.getvalue() == "3 trainings: about 5 min, or less.\n"
    with following(bar, "training 2/3", 1000):
        bar.update(1000, "loss 0.5")
    assert text.getvalue().splitlines()[1:] == ["training 1/3: loss 1", "training 2/3: loss 0.5"]


def test_short_trainings_are_not_announced(clock):
    text = io.StringIO()
    bar = ProgressBar(Console(file=text, width=120))
    with following(bar, "training", 1000):
        for step in range(1, 1001):
            clock.seconds += 0.005
            bar.update(step, "loss 1")
    assert text.getvalue() == "training: loss 1\n"


def test_the_first_steps_are_no_measure(clock):
    left = TimeLeft(2)
    left.start(100)
    clock.seconds += 30  # the first step warms caches
    assert left.seconds(1) is None
    clock.seconds += 1.5
    assert left.seconds(2) is None
    clock.seconds += 1.5
    assert left.seconds(4) == pytest.approx(96 + 100)
    left.start(100)
    clock.seconds += 1
    assert left.seconds(1) is None
    clock.seconds += 4
    assert left.seconds(5) == pytest.approx(95)


def test_a_run_that_stands_says_nothing(clock):
    left = TimeLeft()
    left.start(5)
    clock.seconds += 100
    assert left.seconds(0) is None


def test_durations_are_no_more_exact_than_known():
    assert [duration(s) for s in (0.1, 3, 44, 61, 3000, 7000)] == ["5 s", "5 s", "45 s", "1 min", "50 min", "1.9 h"]


@pytest.mark.parametrize("verbose", [1, "yes", 2.0])
def test_verbose_is_checked(verbose):
    with pytest.raises(InputError, match=r"verbose is .*expected True, False, or None"):
        check_verbose(verbose)


@pytest.mark.parametrize(
    ("device", "message"),
    [
        ("cud", "device 'cud' is unknown"),
        ("meta", "device 'meta' cannot be trained on: expected auto, cpu or cuda"),
        (3, "device is 3: expected the name"),
        ("cuda:99", "device 'cuda:99' was asked for, but .*(torch|GPU)"),
    ],
)
def test_a_device_that_is_not_there_is_refused_at_once(device, message):
    with pytest.raises(InputError, match=message):
        Forecaster(4, device=device).fit(None)  # pyright: ignore[reportArgumentType]
