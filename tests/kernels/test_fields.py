"""What the engine is handed: fields by name, from one table; a wrong name, dtype or shape is seen."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from tests.drawing import examples
from tests.kernels.cases import BUILDS, Case, builds, cases, engine, question

from recurra import cells
from recurra.cells import GRU

pytestmark = pytest.mark.skipif(not BUILDS, reason="the C++ engine is not built here")


@pytest.fixture
def checked():
    """Every call of the engine checked."""
    from recurra.kernels.cpu import checking

    checking.watch(checking.check_fields)
    yield checking
    checking.watch(None)


@pytest.mark.slow
@settings(max_examples=examples(60), deadline=None)
@given(cases(steps=4, sizes=(1, 5)), cases(steps=4, sizes=(3,)))
def test_what_the_passes_hand_over_is_what_the_table_says(one, other):
    from recurra.kernels.cpu import checking

    checking.watch(checking.check_fields)
    try:
        for case in (one, other):
            for dtype in (torch.float32, torch.bfloat16):
                question(case, dtype).ask(engine.run, dtype)
    finally:
        checking.watch(None)


@pytest.mark.parametrize(
    ("field", "wrong", "message"),
    [
        ("outputs", torch.zeros(5, 4), r"outputs is torch.float32 \(5, 4\): expected torch.float32 of N R, \(6, 5\)"),
        ("recurrent", torch.zeros(15, 5).double(), "recurrent is torch.float64"),
        ("lengths", torch.zeros(2), "lengths is torch.float32"),
        ("h_last", torch.zeros(5, 2).t(), r"h_last is .*without gaps"),
    ],
)
def test_a_wrong_tensor_is_seen(checked, field, wrong, message):
    seen = []
    checked.watch(seen.append)
    question(Case(GRU(), 3, 2, 4, 5, frozenset({"bias"})), torch.float32).ask(engine.run, torch.float32)
    checked.check_fields(seen[0])
    with pytest.raises(AssertionError, match=message):
        checked.check_fields({**seen[0], field: wrong})


def test_names_and_values_that_are_none_are_refused():
    call = builds._engine.Call()
    with pytest.raises(AttributeError, match="outptus"):
        call.outptus = None
    with pytest.raises(AttributeError, match="data_ptr"):
        call.x = 3
    with pytest.raises(TypeError, match="integer"):
        call.batch = 0.5
    with pytest.raises(TypeError, match="real number"):
        call.zoneout_rate_h = "often"
    with pytest.raises(AttributeError, match="set, not deleted"):
        del call.x
    with pytest.raises(TypeError, match="expected a Call"):
        builds._engine.forward((1, 2))


def test_every_cell_of_the_engine_is_one_of_ours():
    for variant, blocks, carries_c, gate_is_h, *_ in builds._engine.CELLS:
        cell = cells.decode(variant)
        assert cell.variant == variant
        assert cell.blocks == blocks
        assert carries_c == (len(cell.states) == 2)
        assert gate_is_h == cell.gates[0].is_state
