"""The questions about one step, at sizes that take milliseconds; what differs is refused."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from types import ModuleType

import numpy as np
import pytest

Script = Callable[[str], ModuleType]


@pytest.fixture
def step(script: Script, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    pytest.importorskip("onnxruntime")
    step = script("step")
    monkeypatch.setattr(step, "SAMPLE", 0.0)
    return step


@pytest.mark.filterwarnings("ignore:The given NumPy array is not writable")
def test_one_row_beside_both_peers(step: ModuleType) -> None:
    for cell in ("rnn", "gru", "lstm"):
        (row,) = step.one(0.0, 1, cases=[(cell, 4, 3)])
        assert row["refusal"] == ""
        assert min(row[name] for name in ("ours, us", "torch, us", "onnxruntime, us", "times torch")) > 0


def test_many_rows_are_counted_a_second(step: ModuleType) -> None:
    (row,) = step.many(0.0, 1, rows=20)
    assert row["ours, million steps/s"] == pytest.approx(20 / row["ours, us"])


def test_a_peer_that_differs_is_refused(step: ModuleType) -> None:
    peers = step.Peers("gru", 4, 3, 1, 1)
    right = peers.calls["torch"]
    peers.calls["torch"] = lambda x: right(x) + np.float32(1e-3)
    assert peers.check().startswith("torch differs by 0.001")


@pytest.mark.skipif(not shutil.which("make"), reason="needs make and a C compiler")
def test_the_exported_source_is_timed(step: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step, "ONE", (("rnn", 4, 3),))
    (row,) = step.source(0.0, 1)
    assert row["refusal"] == ""
    assert row["C, us"] > 0


def test_random_networks_agree_and_what_does_not_is_named(script: Script, monkeypatch: pytest.MonkeyPatch) -> None:
    script("common")
    found = script("step_random")
    row = found.random_networks(12)
    assert row["refusal"] == ""
    assert row["by the engine"] + row["by the reference"] == 12
    monkeypatch.setattr(found, "CLOSE_IN_DOUBLE", -1.0)
    assert found.random_networks(2)["refusal"] == "seeds [0, 1]"
