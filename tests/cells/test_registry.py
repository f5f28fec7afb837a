"""The registry: names, one entry per cell, cells of one's own, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import recurra as rc
from recurra import cells
from recurra.cells import GRU, LSTM, RNN, SLSTM, Cell, Gate, MinGRU, State
from recurra.errors import InputError

BUILT_IN = ("rnn", "gru", "lstm", "mingru", "slstm")
VARIANTS = [
    RNN(), RNN("relu"), GRU(), GRU(reset_after=False), LSTM(), MinGRU(), MinGRU("identity"), SLSTM(),
    SLSTM(heads=2, forget="exp"),
]  # fmt: skip


@dataclass(frozen=True)
class Leaky(Cell):
    """h_t = k h_{t-1} + (1 - k) tanh(W x_t + b), where k is learnt for every unit."""

    floor: float = 0.0

    name = "leaky"
    states = (State("h", "hidden state", memory=True),)
    gates = (Gate("n", "new value", "tanh"),)
    options = frozenset({"bias"})

    def parameters(self, hidden, width):
        return {"leak": (hidden,)}

    def activate(self, projected_input, state, weights, dropout=None):
        return (projected_input.tanh(),)

    def update(self, gates, state, weights):
        k = self.floor + (1 - self.floor) * weights.own[0].sigmoid()
        return (k * state[0] + (1 - k) * gates[0],)


@pytest.fixture
def leaky():
    """A cell of somebody's own, while a test runs."""
    yield cells.register(Leaky)
    cells.unregister("leaky")


@pytest.mark.spawn
def test_the_names_need_no_torch():
    code = "import sys; from recurra.cells import names; assert 'torch' not in sys.modules; print(names())"
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == str(BUILT_IN)


@pytest.mark.parametrize("cell", VARIANTS, ids=lambda cell: cell.variant)
def test_every_cell_keeps_its_contract(cell):
    cells.check(cell)
    assert cells.decode(cell.variant) == cell


@given(st.integers(1, 8), st.sampled_from(["sigmoid", "exp"]))
def test_a_variant_survives_as_text(heads, forget):
    assert cells.decode(SLSTM(heads, forget).variant) == SLSTM(heads, forget)


def test_a_callable_has_no_name():
    assert RNN(torch.sin).variant == ""


def test_a_cell_of_ones_own(leaky):
    cells.check(leaky)
    assert cells.names() == (*BUILT_IN, "leaky")
    layer = rc.nn.Leaky(3, 4, 2, floor=0.5)
    assert repr(layer) == "Leaky(3, 4, num_layers=2, floor=0.5)"
    assert sorted(layer.state_dict()) == sorted(
        f"{name}_l{k}" for name in ("weight_ih", "bias_ih", "leak") for k in (0, 1)
    )
    x = torch.randn(5, 2, 3)
    outputs, h = layer(x)
    assert outputs.shape == (5, 2, 4)
    assert h.shape == (2, 2, 4)
    outputs.sum().backward()
    assert all(parameter.grad is not None for parameter in layer.parameters())
    assert "Leaky" in dir(rc.nn)


def test_a_name_is_taken_once(leaky):
    assert cells.register(Leaky) is Leaky  # the same one again, as when a notebook's cell is run twice
    with pytest.raises(InputError, match="name is 'gru': expected a name that no cell has"):
        cells.register(dataclass(frozen=True)(type("Other", (Leaky,), {"name": "gru"})))
    with pytest.raises(InputError, match="the class is called LSTM, as that of 'lstm'"):
        cells.register(dataclass(frozen=True)(type("LSTM", (Leaky,), {"name": "other"})))


def test_an_unknown_name():
    with pytest.raises(
        InputError, match=r"cell is 'leaky': expected one of rnn, gru, lstm, mingru, slstm\. For a cell of"
    ):
        cells.get("leaky")
    with pytest.raises(AttributeError, match="no attribute 'Leaky'"):
        _ = rc.nn.Leaky
    with pytest.raises(AttributeError, match="no attribute 'Leaky'"):
        _ = cells.Leaky


def changed(**parts):
    return dataclass(frozen=True)(type("Changed", (Leaky,), {"name": "changed", **parts}))


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        (torch.nn.GRU, "is no cell: expected a class derived from recurra.cells.Cell"),
        (type("Plain", (Leaky,), {}), "is no frozen dataclass"),
        (changed(name="Two words"), "has the name 'Two words': expected a word in small letters"),
        (changed(states=()), r"has states \(\): expected a tuple of recurra.cells.State"),
        (changed(gates=(Gate("n", "a"), Gate("n", "b"))), "has two gates called 'n'"),
        (changed(options=frozenset({"dropout"})), "has the option 'dropout': expected some of bias"),
    ],
)
def test_what_declares_no_cell_is_refused(cell, message):
    with pytest.raises(InputError, match=message):
        cells.register(cell)
    assert "changed" not in cells.names()


def test_a_contract_that_is_broken_is_seen():
    def leaks(self, gates, state, weights):
        return (gates[0] + state[0].mean(0, keepdim=True),)

    def wide(self, gates, state, weights):
        return (torch.cat([gates[0], state[0]], -1),)

    def scan(self, projected_input, state, weights):
        return (projected_input.tanh(),)

    def detached(self, gates, state, weights):
        return (gates[0] + state[0].detach(),)

    for parts, message in (
        ({"update": leaks}, "another result beside other rows than alone"),
        ({"update": wide}, r"states of shapes \[\(3, 8\)\] after a step: expected \[\(3, 4\)\]"),
        ({"scan": scan}, "other values of h by `scan` than by `step`"),
        ({"update": detached}, "gradients that are not those of its step"),
    ):
        with pytest.raises(InputError, match=message):
            cells.check(changed(**parts))


@pytest.mark.spawn
@pytest.mark.parametrize("module", ["no_such_module", "leaky_plugin"])
def test_plugins(tmp_path, module):
    (tmp_path / "leaky_plugin.py").write_text(
        "from dataclasses import dataclass\nfrom recurra import cells\n@cells.register\n@dataclass(frozen=True)\n"
        "class Late(cells.Cell):\n    name = 'late'\n    states = (cells.State('h', 'h'),)\n"
        "    gates = (cells.Gate('n', 'n'),)\n    def parameters(self, hidden, width): return {}\n"
        "    def activate(self, x, state, weights, dropout=None): return (x.tanh(),)\n"
        "    def update(self, gates, state, weights): return gates\n"
    )
    code = f"import os; os.environ['RECURRA_PLUGINS'] = '{module}'; from recurra.cells import names; print(names()[-1])"
    found = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    if module == "leaky_plugin":
        assert found.stdout.strip() == "late"
    else:
        assert "RECURRA_PLUGINS names the module 'no_such_module', which cannot be imported" in found.stderr
