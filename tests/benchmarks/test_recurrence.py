"""Each question answered at sizes that take milliseconds: the columns are there, and what differs is refused."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest
import torch
from tests.bench.wrong import wrong_layer

import recurra.nn
from recurra.bench import Case
from recurra.bench.pairs import geometric_mean

Script = Callable[[str], ModuleType]
LINUX = pytest.mark.skipif(sys.platform != "linux", reason="needs /proc and sched_setaffinity")


@pytest.fixture
def layers(script: Script, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    layers = script("recurrence_layers")
    monkeypatch.setattr(layers, "ANCHORED", {4: 3, 8: 3})
    monkeypatch.setattr(layers, "SQUARE", 64)
    return layers


def test_the_share_is_one_rate_over_the_other(layers: ModuleType) -> None:
    (row,) = layers.rate(0.0, cells=("gru",), hidden=(8,))
    assert row["share"] == pytest.approx(row["ours, GFLOP/s"] / row["sgemm, GFLOP/s"], rel=0.9)
    assert row["torch's share"] > 0


def test_the_last_line_is_the_geometric_mean(layers: ModuleType) -> None:
    *rows, mean = layers.latency(0.0, cells=("rnn", "lstm"), hidden=(4,))
    assert mean["ratio"] == pytest.approx(geometric_mean([row["ratio"] for row in rows]))
    *rows, mean = layers.bfloat16(0.0, cells=("gru",), hidden=(4, 8))
    assert mean["ratio"] == pytest.approx(geometric_mean([row["ratio"] for row in rows]))


def test_packed_has_a_mean_for_each_number_of_steps(layers: ModuleType) -> None:
    rows = layers.packed(0.0, cells=("lstm",), hidden=(4,), steps=(3, 9))
    assert [(row["layer"], row["T"]) for row in rows[1::2]] == [("geometric mean", 3), ("geometric mean", 9)]
    assert all(row["ratio"] > 0 for row in rows)


@pytest.mark.parametrize("cell", ["rnn", "gru", "lstm"])
def test_extras_are_compared_with_the_reference(layers: ModuleType, cell: str) -> None:
    row, mean = layers.extras(0.0, cells=(cell,), hidden=(4,))
    assert row["refusal"] == ""
    assert row["times as long"] == pytest.approx(mean["times as long"])


def test_one_refusal_leaves_no_mean(layers: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = wrong_layer(torch.nn.GRU, lambda outputs, state: (outputs, state * 1.01))
    monkeypatch.setattr(recurra.nn, "GRU", wrong)
    good, bad, mean = layers.latency(0.0, cells=("rnn", "gru"), hidden=(4,))
    assert (good["refusal"], bad["ratio"], mean["ratio"]) == ("", "-", "refused")
    assert "last h" in bad["refusal"]
    (row,) = layers.rate(0.0, cells=("gru",), hidden=(8,))
    assert row["share"] == "-"


@LINUX
def test_busy_times_both_in_every_round(script: Script) -> None:
    (row,) = script("recurrence_busy").busy(0.0, (Case("rnn", 4, 2, 3),), rounds=1)
    assert row["ours slower by"] == pytest.approx(row["ours busy, ms"] / row["ours alone, ms"])
    assert row["torch slower by"] == pytest.approx(row["torch busy, ms"] / row["torch alone, ms"])


@LINUX
def test_memory_sees_what_a_step_keeps(script: Script) -> None:
    case = Case("lstm", 64, 64, 100)
    gates = 4 * case.steps * case.batch * 4 * case.hidden  # bytes of what torch saves at the least
    assert gates < script("recurrence_memory").added("torch", case) < 12 * gates


def test_the_script_writes_a_table_for_each_question(
    script: Script, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    recurrence = script("recurrence")
    monkeypatch.setattr(recurrence, "QUESTIONS", {"one": lambda _: [{"a": 1, "refusal": ""}]})
    monkeypatch.setattr(sys, "argv", ["recurrence.py", "--only", "one", "--out", str(tmp_path)])
    recurrence.main()
    assert json.loads((tmp_path / "recurrence_one.json").read_text())["rows"] == [{"a": 1, "refusal": ""}]
    monkeypatch.setattr(recurrence, "QUESTIONS", {"one": lambda _: [{"a": 1, "refusal": "differs"}]})
    with pytest.raises(SystemExit) as leaving:
        recurrence.main()
    assert leaving.value.code == 1
