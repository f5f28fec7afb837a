"""torch.compile without a graph break, torch.export there and back, and TorchScript by torch's own forward."""

from __future__ import annotations

import io
import subprocess
import sys
import warnings
from typing import Any

import pytest
import torch
from tests.nn.pairs import BACKENDS, NAMES, Ran, flat, pair
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

import recurra as rc
from recurra.errors import InputError
from recurra.kernels import chooser
from recurra.nn import Regularisation

LAYERS: dict[str, tuple[str, dict[str, Any]]] = {
    "RNN": ("RNN", {}),
    "RNN callable": ("RNN", {"nonlinearity": torch.sigmoid}),
    "GRU all": ("GRU", {"num_layers": 2, "bidirectional": True, "batch_first": True, "bias": False}),
    "GRU paper": ("GRU", {"reset_after": False}),
    "LSTM": ("LSTM", {"num_layers": 2, "proj_size": 2}),
    "LSTM everything": ("LSTM", {"layer_norm": True, "peepholes": True, "regularisation": Regularisation(0.2, 0.1)}),
}
every_layer = pytest.mark.parametrize("kind", LAYERS)
FAST = BACKENDS[-1]


class Model(nn.Module):
    def __init__(self, kind: str) -> None:
        super().__init__()
        torch.manual_seed(0)
        name, options = LAYERS[kind]
        self.recurrence = getattr(rc.nn, name)(4, 5, **options)
        width = flat(self.recurrence(torch.zeros(1, 1, 4)))[0].shape[-1]
        self.head = nn.Linear(width, 2)

    def forward(self, x, lengths=None):
        outputs, last = self.recurrence(x, lengths=lengths)
        h = last[0] if isinstance(last, tuple) else last
        return self.head(outputs), h


@pytest.fixture(autouse=True)
def _fresh():
    torch.compiler.reset()
    with warnings.catch_warnings():  # Dynamo's own, of what it meets in torch
        warnings.filterwarnings("ignore", category=DeprecationWarning, module="torch")
        yield


def compiled(model: Any, **more: Any) -> Any:
    return torch.compile(model, backend="aot_eager", fullgraph=True, **more)


def same(model: nn.Module, other: Any, *arguments: Any) -> None:
    """Results and gradients of both agree."""
    found, expected = other(*arguments), model(*arguments)
    torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
    parameters = list(model.parameters())
    ours = torch.autograd.grad(torch.stack([t.square().sum() for t in found]).sum(), parameters)
    theirs = torch.autograd.grad(torch.stack([t.square().sum() for t in expected]).sum(), parameters)
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-5)


@every_layer
@pytest.mark.parametrize("lengths", [False, True])
def test_one_graph_with_the_same_gradients(kind, lengths):
    model = Model(kind).eval()
    x = torch.randn(7, 3, 4)
    ends = [torch.tensor([7, 0, 3] if not model.recurrence.batch_first else [1, 3, 0, 2, 3, 3, 3])] if lengths else []
    other = compiled(model)
    same(model, other, x, *ends)
    with Ran() as ran:
        other(x, *ends)
    assert set(ran.counts) <= {FAST}
    with rc.backend("reference"), Ran() as ran:  # chosen when the graph runs
        other(x, *ends)
    assert set(ran.counts) <= {"reference"}


@pytest.mark.parametrize("kind", ["GRU all", "LSTM everything"])
def test_other_sizes_are_the_same_graph(kind):
    model = Model(kind).eval()
    other = compiled(model, dynamic=True)
    same(model, other, torch.randn(7, 3, 4))
    with torch.compiler.set_stance("fail_on_recompile"):
        same(model, other, torch.randn(5, 8, 4))


def test_training_draws_anew():
    model = Model("LSTM everything")
    other = compiled(model)
    x = torch.randn(7, 3, 4)
    torch.manual_seed(0)
    first, second = other(x)[0], other(x)[0]
    torch.manual_seed(0)
    again = other(x)[0]
    torch.testing.assert_close(again, first, rtol=0, atol=0)
    assert not torch.allclose(first, second)


@pytest.mark.parametrize("name", NAMES)
def test_an_accelerated_model_with_a_state(name):
    layer = rc.accelerate(getattr(nn, name)(4, 5))
    x = torch.randn(7, 3, 4)
    with torch.no_grad():
        _, state = layer(x)
    torch.testing.assert_close(flat(compiled(layer)(x, state)), flat(layer(x, state)), rtol=1e-5, atol=1e-6)


def test_without_the_engine_the_graph_is_torchs(monkeypatch):
    monkeypatch.setattr(chooser, "NO_ENGINE", "the C++ engine is not there: for a test")
    model = Model("GRU all").eval()
    same(model, compiled(model), torch.randn(7, 3, 4))


def test_a_packed_sequence_runs_beside_a_graph():
    layer = rc.nn.GRU(4, 5)
    packed = pack_padded_sequence(torch.randn(7, 3, 4), torch.tensor([7, 4, 4]))
    other = torch.compile(layer, backend="aot_eager")
    torch.testing.assert_close(flat(other(packed)), flat(layer(packed)), rtol=0, atol=0)


def test_a_lengths_out_of_range_is_refused_in_a_graph():
    model = Model("RNN")
    with pytest.raises(RuntimeError, match="expected at least 0 and at most the number of steps"):
        compiled(model)(torch.randn(7, 2, 4), torch.tensor([8, 1]))


@pytest.mark.filterwarnings("ignore:The given buffer is not writable")  # torch 2.11, in torch.export.load
@pytest.mark.parametrize("kind", ["RNN", "GRU all", "LSTM everything"])
def test_export_there_and_back(kind):
    model = Model(kind).eval()
    x = torch.randn(7, 3, 4)
    exported = torch.export.export(model, (x,), dynamic_shapes={"x": {0: torch.export.Dim.AUTO}})
    assert any("recurra.recurrence" in str(node.target) for node in exported.graph.nodes)
    saved = io.BytesIO()
    torch.export.save(exported, saved)
    saved.seek(0)
    loaded = torch.export.load(saved).module()
    for steps in (7, 5):
        x = torch.randn(steps, 3, 4)
        torch.testing.assert_close(loaded(x), model(x), rtol=0, atol=0)


@pytest.mark.parametrize("name", NAMES)
def test_torchscript_is_torchs_own(name):
    ours, theirs = pair(name, 4, 3, 2)
    x = torch.randn(5, 2, 4, dtype=torch.float64)
    with warnings.catch_warnings(action="ignore"):  # TorchScript is deprecated
        traced: Any = torch.jit.trace(ours, (x,))
        scripted: Any = torch.jit.script(nn.Sequential(ours))
        with pytest.raises(InputError, match=r"torch.jit.script cannot take .*: expected a layer that torch.nn has"):
            torch.jit.script(rc.nn.GRU(4, 3, reset_after=False))
    torch.testing.assert_close(flat(traced(x)), flat(theirs(x)), rtol=0, atol=1e-12)
    torch.testing.assert_close(flat(scripted(x)), flat(theirs(x)), rtol=0, atol=1e-12)


@pytest.mark.parametrize("first", ["import torch._dynamo", "pass"])
def test_dynamo_is_told_but_not_loaded(first):
    code = (
        f"import sys, torch; {first}; before = 'torch._dynamo' in sys.modules; import recurra.nn; "
        "assert ('torch._dynamo' in sys.modules) == before; import torch._dynamo.config as settings; "
        "print(settings.allow_rnn, len([f for f in sys.meta_path if type(f).__module__ == 'recurra.nn.compiling']))"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["True", "0"]
