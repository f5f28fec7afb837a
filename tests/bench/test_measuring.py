"""A ratio stands beside results that agree, or there is none."""

from __future__ import annotations

import pytest
import torch
from tests.bench.wrong import wrong_layer

import recurra.nn
from recurra.bench import Case, compare
from recurra.bench.measuring import backend_of, threads
from recurra.kernels import backend

CASE = Case("gru", 6, 3, 5)


@pytest.mark.slow
@pytest.mark.parametrize("mode", ["training", "inference"])
def test_a_comparison_has_pairs_and_says_who_ran(mode: str) -> None:
    with backend("reference"):
        found = compare(Case("gru", 6, 3, 5, mode=mode), seconds=0, least=2)
    row = found.row()
    assert (found.backend, row["pairs"], row["refusal"]) == ("reference", 2, None)
    assert row["ratio_low"] <= row["ratio"] <= row["ratio_high"]
    assert 0 <= row["difference"] < 5e-5
    assert 0 < row["ours_ms"] < 60_000


def test_where_results_differ_there_is_no_ratio(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = wrong_layer(torch.nn.GRU, lambda outputs, state: (outputs + 1e-3, state))
    monkeypatch.setattr(recurra.nn, "GRU", wrong)
    found = compare(CASE, seconds=0)
    assert found.pairs is None
    assert found.row()["ratio"] is None
    assert found.refusal is not None
    assert "outputs" in found.refusal


def test_threads_are_set_and_restored() -> None:
    before = torch.get_num_threads()
    with threads(before + 1) as number:
        assert (number, torch.get_num_threads()) == (before + 1, before + 1)
    with threads(None) as number:
        assert number == before
    assert torch.get_num_threads() == before


def test_the_backend_is_the_one_that_counted() -> None:
    from recurra.bench.layers import make_pair

    ours, _ = make_pair(recurra.nn, torch.nn, CASE)
    for name in ("reference", "torch"):
        with backend(name):
            assert backend_of(ours) == name
