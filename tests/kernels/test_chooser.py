"""Which backend runs: by what is there, by dtype, by force."""

from __future__ import annotations

import threading

import pytest
import torch

import recurra as rc
from recurra.cells import GRU, LSTM, RNN, Weights
from recurra.errors import InputError
from recurra.kernels import chooser
from recurra.kernels.contract import Call, Layout, Recurrence

X, U = torch.randn(3, 2, 4), torch.randn(5, 5)
CALL = Call(Recurrence(RNN()), torch.randn(6, 4), torch.randn(5, 4), None, None, Weights(U), Layout(3, 2))
needs_engine = pytest.mark.skipif(bool(chooser.NO_ENGINE), reason="the C++ engine is not built here")


def choose(x=X, weight=U, cell=None, plain=False, layout=Layout(3, 2)):  # noqa: B008  # frozen
    return chooser.choose(cell or RNN(), x, weight, layout, plain=plain)


@needs_engine
@pytest.mark.parametrize(
    ("cell", "hidden", "batch", "grad", "faster"),
    [
        (LSTM(), 512, 1, True, True), (LSTM(), 256, 1, True, False), (LSTM(), 512, 8, True, True),
        (LSTM(), 512, 32, True, False), (LSTM(), 1024, 8, True, False), (LSTM(), 256, 4, False, True),
        (LSTM(), 256, 3, False, False), (LSTM(), 128, 32, False, False), (GRU(), 512, 4, False, True),
        (GRU(), 512, 4, True, False), (GRU(), 256, 4, False, False), (RNN(), 1024, 1, False, False),
    ],
)  # fmt: skip
def test_torch_where_it_was_measured_to_be_faster(monkeypatch, cell, hidden, batch, grad, faster):
    monkeypatch.setattr(torch, "get_num_threads", lambda: 2)
    x, weight = torch.empty(1), torch.empty(cell.blocks * hidden, hidden, requires_grad=True)
    layout = Layout(20, batch)
    with torch.set_grad_enabled(grad):
        assert choose(x, weight, cell, True, layout) == ("torch" if faster else "cpu")
        # what oneDNN has no kernel for
        ended = Layout(20, batch, lengths=torch.full((batch,), 20))
        assert choose(x, weight, cell, True, ended) == "cpu"
        if cell.blocks == 4:
            assert choose(x, weight[:, : hidden // 2], cell, True, layout) == "cpu"


@needs_engine
@pytest.mark.parametrize("cell", [RNN(), RNN("relu"), GRU(), GRU(reset_after=False), LSTM()])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_the_engine_takes_what_it_can(cell, dtype):
    assert choose(X.to(dtype), U.to(dtype), cell) == "cpu"


@pytest.mark.parametrize(
    ("x", "cell"),
    [(X.half(), RNN()), (X.to("meta"), LSTM()), (X.to(torch.complex64), GRU()), (X, RNN(torch.sin))],
    ids=["float16", "meta", "complex", "callable"],
)
def test_what_the_engine_cannot_take_goes_elsewhere(x, cell):
    assert choose(x, U, cell, plain=True) == "torch"
    assert choose(x, U, cell) == "reference"
    if not chooser.NO_ENGINE:
        with chooser.backend("cpu"), pytest.raises(InputError, match="backend is 'cpu', but the engine"):
            choose(x, U, cell)


@needs_engine
def test_transforms_and_subclasses_go_elsewhere():
    class Other(torch.Tensor):
        pass

    assert choose(X.as_subclass(Other)) == "reference"
    assert choose(X, U.as_subclass(Other)) == "reference"
    assert choose(X, torch.nn.Parameter(U)) == "cpu"
    assert choose(torch.randn(2, 3, dtype=torch.complex64).conj().imag) == "reference"
    seen = []
    torch.func.vmap(lambda x: (seen.append(choose(x)), x)[1])(X)
    with torch.autograd.forward_ad.dual_level():
        seen.append(choose())
    assert seen == ["reference", "reference"]


@needs_engine
def test_without_the_engine_plain_layers_are_torchs(monkeypatch):
    monkeypatch.setattr(chooser, "NO_ENGINE", "the C++ engine is not there: for a test")
    assert choose(plain=True) == "torch"
    assert choose() == "reference"
    with pytest.raises(InputError, match="for a test"), chooser.backend("cpu"):
        pass
    assert chooser.describe_kernels()["cpu"] == "the C++ engine is not there: for a test"


@needs_engine
def test_the_rule_of_shapes_counts_for_plain_layers_only(monkeypatch):
    asked = []
    monkeypatch.setattr(chooser, "torch_is_faster", lambda *shape: asked.append(shape) or True)
    assert choose(plain=True) == "torch"
    assert choose() == "cpu"
    with chooser.backend("cpu"):
        assert choose(plain=True) == "cpu"
    assert asked == [(RNN(), torch.float32, 3, 2, 5, False, torch.get_num_threads())]


@needs_engine
def test_training_is_told(monkeypatch):
    asked = []
    monkeypatch.setattr(chooser, "torch_is_faster", lambda *shape: asked.append(shape[-2]) and False)
    weight = torch.nn.Parameter(U)
    choose(weight=weight, plain=True)
    with torch.no_grad():
        choose(weight=weight, plain=True)
    assert asked == [True, False]


def test_force_is_for_the_block_and_the_thread_only():
    seen = []
    with rc.backend("reference"):
        assert chooser.forced() == "reference"
        assert choose(plain=True) == "reference"
        with rc.backend("torch"):
            assert choose(plain=True) == "torch"
            with pytest.raises(InputError, match="no such layer"):
                choose()
        assert chooser.forced() == "reference"
        thread = threading.Thread(target=lambda: seen.append(chooser.forced()))
        thread.start()
        thread.join()
    assert chooser.forced() == "auto"
    assert seen == ["auto"]


def test_force_ends_with_an_error_too():
    with pytest.raises(ZeroDivisionError), chooser.backend("reference"):
        _ = 1 / 0
    assert chooser.forced() == "auto"


def test_another_name_is_refused():
    with pytest.raises(InputError, match="backend is 'gpu': expected one of auto, cpu, torch"), rc.backend("gpu"):
        pass


def test_a_kernel_s_own_call_is_no_layer_of_torch_s():
    with chooser.backend("torch"), pytest.raises(InputError, match="a layer outside a graph"):
        chooser.run(CALL)


def test_runs_are_counted():
    before = chooser.calls()
    with chooser.backend("reference"):
        chooser.run(CALL)
        rc.nn.GRU(4, 5, num_layers=2, bidirectional=True)(X)
    with chooser.backend("torch"):
        rc.nn.GRU(4, 5, num_layers=2)(X)
    after = chooser.calls()
    assert {name: after[name] - before[name] for name in after} == {"cpu": 0, "torch": 1, "reference": 5}


def test_doctor_has_a_line_for_each():
    lines = chooser.describe_kernels()
    assert list(lines) == ["cpu", "torch", "reference"]
    assert all(lines.values())
