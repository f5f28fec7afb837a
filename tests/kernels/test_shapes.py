"""A kernel is never handed what does not fit: it reads memory by address."""

from __future__ import annotations

import re
from typing import Any

import pytest
import torch

import recurra as rc
from recurra.cells import GRU, LSTM, RNN, Weights
from recurra.errors import ShapeError
from recurra.kernels import chooser
from recurra.kernels.contract import Call, DropoutMasks, Layout, Recurrence

T, B, F, H = 3, 2, 4, 5
zeros = torch.zeros


def ask(cell: Any = None, **changed: Any) -> Any:
    cell = cell or GRU()
    gates = cell.blocks * H
    asked = {
        "x": zeros(T * B, F), "input_weight": zeros(gates, F), "input_bias": None,
        "state": tuple(zeros(B, H) for _ in range(len(cell.states))), "weights": Weights(zeros(gates, H), zeros(gates)),
        "layout": Layout(T, B), "masks": DropoutMasks(),
    }  # fmt: skip
    return chooser.run(Call(Recurrence(cell), **{**asked, **changed}))


PACKED: dict[str, Any] = {"lengths": torch.tensor([3, 2]), "offsets": torch.tensor([0, 2, 4])}
REFUSED: dict[str, tuple[Any, dict[str, Any]]] = {
    "x has shape (5, 4): expected (6, features)": (GRU(), {"x": zeros(5, F)}),
    "x has shape (3, 2, 4): expected two dimensions": (GRU(), {"x": zeros(3, 2, F)}),
    "x has 4 features: expected 15, being projected already": (GRU(), {"input_weight": None}),
    "the weight 'input_weight' is torch.float32 (10, 4) on cpu: expected torch.float32 (15, 4)":
        (GRU(), {"input_weight": zeros(10, F)}),
    "the weight 'input_weight' is torch.float64 (15, 4)": (GRU(), {"input_weight": zeros(15, F).double()}),
    "the weight 'input_bias' is torch.float32 (1,)": (GRU(), {"input_bias": zeros(1)}),
    "the weight 'recurrent' is torch.float32 (15, 4) on cpu: expected torch.float32 (15, 5)":
        (GRU(), {"weights": Weights(zeros(15, 4)), "state": None}),
    "the weight 'bias' is torch.float32 (14,) on cpu: expected torch.float32 (15,) on cpu":
        (GRU(), {"weights": Weights(zeros(15, 5), zeros(14))}),
    "the weight 'bias' is torch.float64 (15,) on cpu: expected torch.float32":
        (GRU(), {"weights": Weights(zeros(15, 5), zeros(15).double())}),
    "the weight 'peephole' is torch.float32 (2, 5) on cpu: expected torch.float32 (3, 5)":
        (LSTM(), {"weights": Weights(zeros(20, 5), peephole=zeros(2, 5))}),
    "the weight 'recurrent' is torch.float32 (20, 2) on cpu: expected torch.float32 (20, 3)":
        (LSTM(), {"weights": Weights(zeros(20, 2), projection=zeros(3, 5)), "state": None}),
    "the weight 'projection' is torch.float32 (2, 4) on cpu: expected torch.float32 (2, 5)":
        (LSTM(), {"weights": Weights(zeros(20, 2), projection=zeros(2, 4)), "state": None}),
    "the weight 'peephole' is given: expected None, the cell 'gru' has none":
        (GRU(), {"weights": Weights(zeros(15, 5), peephole=zeros(3, 5))}),
    "weights.own has 1 tensors: expected 0, none": (GRU(), {"weights": Weights(zeros(15, 5), own=(zeros(5),))}),
    "the weight 'recurrent' is None: expected (5, 5)": (RNN(), {"weights": Weights()}),
    "the weight 'norm' is torch.float32 (5,)": (LSTM(), {"weights": Weights(zeros(20, 5), norm=zeros(5))}),
    "the weight 'norm_cell' is torch.float32 (5,) on meta":
        (LSTM(), {"weights": Weights(zeros(20, 5), norm_cell=zeros(5, device="meta"))}),
    "h is torch.float32 (1, 5) on cpu: expected torch.float32 (2, 5)": (RNN(), {"state": (zeros(1, H),)}),
    "c is torch.float64 (2, 5) on cpu: expected torch.float32":
        (LSTM(), {"state": (zeros(B, H), zeros(B, H).double())}),
    "state has 1 tensors: expected 2": (LSTM(), {"state": (zeros(B, H),)}),
    "dropout is torch.float32 (5,)": (RNN(), {"masks": DropoutMasks(zeros(5))}),
    "zoneout_h is torch.float32 (6, 5): expected torch.uint8 (6, 5)":
        (RNN(), {"masks": DropoutMasks(None, zeros(6, 5))}),
    "zoneout_c is torch.uint8 (5, 5): expected torch.uint8 (6, 5)":
        (LSTM(), {"masks": DropoutMasks(None, None, zeros(5, 5).byte())}),
    "offsets are given without lengths": (RNN(), {"layout": Layout(T, B, offsets=torch.tensor([0, 2, 4]))}),
    "lengths are 3: expected one per sequence, 2": (RNN(), {"layout": Layout(T, B, lengths=torch.tensor([3, 2, 1]))}),
    "lengths go from 1 to 4: expected at least 0": (RNN(), {"layout": Layout(T, B, lengths=torch.tensor([4, 1]))}),
    "lengths is torch.int32 (2,) on cpu: expected torch.int64": (RNN(), {
        "layout": Layout(T, B, lengths=torch.tensor([3, 2], dtype=torch.int32), offsets=torch.tensor([0, 2, 4])),
    }),
    "offsets is torch.float32 (3,) on cpu: expected torch.int64": (RNN(), {
        "layout": Layout(T, B, lengths=torch.tensor([3, 2]), offsets=torch.tensor([0.0, 2.0, 4.0])),
    }),
    "lengths is a view with gaps": (RNN(), {"layout": Layout(T, B, lengths=torch.tensor([3, 0, 2])[::2])}),
    "x has no features: expected at least one": (RNN(), {"x": zeros(6, 0), "input_weight": zeros(5, 0)}),
    "offsets do not fit the lengths": (RNN(), {
        "layout": Layout(T, B, lengths=torch.tensor([3, 2]), offsets=torch.tensor([0, 2, 5])), "x": zeros(5, F),
    }),
}  # fmt: skip


@pytest.mark.parametrize("message", REFUSED)
def test_what_does_not_fit_is_refused(message):
    cell, changed = REFUSED[message]
    with pytest.raises(ShapeError, match=re.escape(message)):
        ask(cell, **changed)


def test_what_fits_runs():
    for cell in (RNN(), GRU(), LSTM()):
        assert ask(cell)[0].shape == (T * B, H)
        assert ask(cell, layout=Layout(T, B, **PACKED), x=zeros(5, F))[0].shape == (5, H)


@pytest.mark.parametrize(
    "name", ["weight_hh_l1", "bias_hh_l0", "weight_hr_l0", "weight_peephole_l1", "weight_norm_hh_l0"]
)
@pytest.mark.parametrize("change", [lambda w: w.double(), lambda w: w[:1], lambda w: w.to("meta")])
def test_a_weight_that_was_replaced_by_another_kind(name, change):
    layer = rc.nn.LSTM(4, 5, 2, proj_size=3, peepholes=True, layer_norm=True)
    setattr(layer, name, torch.nn.Parameter(change(getattr(layer, name).detach())))
    with pytest.raises(ShapeError, match=r"the weight '.*as the input and hidden_size ask for"):
        layer(torch.zeros(3, 2, 4))
