"""The layers of cells that torch has not: the same laws as the others, and what their cells declare."""

from __future__ import annotations

import copy
import io
import pickle

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.drawing import examples
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import recurra as rc
from recurra.cells import MinGRU, Weights
from recurra.errors import InputError, ShapeError
from recurra.kernels import calls, reference
from recurra.kernels.contract import Call, Layout, Recurrence

KINDS = [
    ("MinGRU", {}), ("MinGRU", {"candidate": "identity"}), ("SLSTM", {}), ("SLSTM", {"heads": 2, "forget": "exp"}),
]  # fmt: skip
every_kind = pytest.mark.parametrize(("name", "options"), KINDS, ids=lambda value: str(value))
some = settings(max_examples=examples(15), deadline=None)


def layer_of(name, options, *more, **keywords):
    torch.manual_seed(0)
    layer = getattr(rc.nn, name)(3, 6, *more, **options, **keywords).double()
    with torch.no_grad():  # R starts as 0, which would show little
        for parameter in layer.parameters():
            parameter.add_(0.3 * torch.randn_like(parameter))
    return layer


def parts(state):
    return state if isinstance(state, tuple) else (state,)


def same(a, b, atol=1e-12):
    torch.testing.assert_close(a, b, rtol=0, atol=atol)


@pytest.mark.slow
@every_kind
@some
@given(st.integers(1, 20), st.integers(0, 20))
def test_two_calls_are_one(name, options, first, second):
    layer = layer_of(name, options, 2)
    x = torch.randn(first + second, 3, 3, dtype=torch.float64)
    outputs, last = layer(x)
    before, state = layer(x[:first])
    after, end = layer(x[first:], state, lengths=[second] * 3)
    same(torch.cat([before, after]), outputs)
    same(parts(end), parts(last))


@every_kind
@pytest.mark.parametrize("batch_first", [False, True])
def test_steps_are_the_sequence(name, options, batch_first):
    layer = layer_of(name, options, 2, batch_first=batch_first)
    x = torch.randn(13, 4, 3, dtype=torch.float64)
    outputs, last = layer(x.transpose(0, 1) if batch_first else x)
    state, found = None, []
    for x_t in x:
        y, state = layer.step(x_t, state)
        found.append(y)
    same(torch.stack(found, 1 if batch_first else 0), outputs)
    same(parts(state), parts(last))


@pytest.mark.slow
@every_kind
@some
@given(st.data(), st.booleans(), st.booleans())
def test_lengths_are_rows_alone_whatever_the_layout(name, options, data, batch_first, bidirectional):
    layer = layer_of(name, options, 2, batch_first=batch_first, bidirectional=bidirectional)
    steps = data.draw(st.integers(1, 21))
    lengths = torch.tensor(data.draw(st.lists(st.integers(0, steps), min_size=1, max_size=4)))
    x = torch.randn(len(lengths), steps, 3, dtype=torch.float64)
    for row, length in enumerate(lengths.tolist()):
        x[row, length:] = torch.nan
    x.requires_grad_()
    given_x = x if batch_first else x.transpose(0, 1)
    outputs, last = layer(given_x, lengths=lengths)
    outputs = outputs if batch_first else outputs.transpose(0, 1)
    (gradient,) = torch.autograd.grad(outputs.sum() + sum(s.sum() for s in parts(last)), [x])
    assert gradient.isfinite().all()
    for row, length in enumerate(lengths.tolist()):
        assert (outputs[row, length:] == 0).all()
        assert (gradient[row, length:] == 0).all()
        if length:
            alone, end = layer(x[row, :length])
            same(outputs[row, :length], alone)
            same([each[:, row] for each in parts(last)], list(parts(end)))
        else:
            assert all((each[:, row] == 0).all() for each in parts(last))
    if int(lengths.min()) > 0:
        packed = pack_padded_sequence(given_x, lengths, batch_first=batch_first, enforce_sorted=False)
        found, end = layer(packed)
        unpacked, _ = pad_packed_sequence(found, batch_first=True, total_length=steps)
        same(unpacked, outputs)
        same(parts(end), parts(last))


@every_kind
def test_the_reverse_direction_is_the_sequence_reversed(name, options):
    both, one = layer_of(name, options, bidirectional=True), layer_of(name, options)
    one.load_state_dict({k.removesuffix("_reverse"): v for k, v in both.state_dict().items() if "_reverse" in k})
    x = torch.randn(14, 2, 3, dtype=torch.float64)
    same(both(x)[0][..., 6:], one(x.flip(0))[0].flip(0))


@every_kind
def test_permuting_the_rows_permutes_the_results(name, options):
    layer, x, order = layer_of(name, options), torch.randn(15, 5, 3, dtype=torch.float64), torch.randperm(5)
    outputs, last = layer(x)
    moved, end = layer(x[:, order])
    assert torch.equal(moved, outputs[:, order])
    assert all(torch.equal(a, b[:, order]) for a, b in zip(parts(end), parts(last), strict=True))


@pytest.mark.slow
@every_kind
@pytest.mark.parametrize("steps", [4, 11])  # by steps, and by the scan
def test_first_and_second_derivatives(name, options, steps):
    layer = layer_of(name, options)
    names = list(dict(layer.named_parameters()))
    x = torch.randn(steps, 2, 3, dtype=torch.float64, requires_grad=True)

    def function(x, *weights):
        outputs, last = torch.func.functional_call(layer, dict(zip(names, weights, strict=True)), (x,))
        return outputs, *parts(last)

    given_ = [x, *[p.detach().clone().requires_grad_() for p in layer.parameters()]]
    torch.autograd.gradcheck(function, given_, fast_mode=True)
    torch.autograd.gradgradcheck(function, given_, fast_mode=True)


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("layout", ["padded", "batch_first", "lengths", "packed"])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_the_scan_gives_what_the_steps_give(layout, reverse, dtype):
    torch.manual_seed(0)
    steps, batch, hidden = 63, 3, 5
    lengths = torch.tensor([63, 17, 1])
    live = (lengths > torch.arange(steps).unsqueeze(1)).sum(1)
    layouts = {
        "padded": Layout(steps, batch), "batch_first": Layout(steps, batch, True),
        "lengths": Layout(steps, batch, lengths=lengths),
        "packed": Layout(steps, batch, lengths=lengths, offsets=live.cumsum(0) - live),
    }  # fmt: skip
    rows = int(lengths.sum()) if layout == "packed" else steps * batch
    given_ = [torch.randn(rows, 4), torch.randn(2 * hidden, 4), torch.randn(2 * hidden), torch.randn(batch, hidden)]
    x, weight, bias, h = (each.to(dtype).requires_grad_() for each in given_)
    call = Call(Recurrence(MinGRU(), reverse), x, weight, bias, (h,), Weights(), layouts[layout])
    answers = []
    for run in (reference.loop, reference.scanned):
        outputs, (last,) = run(call)
        answers.append([outputs, last, *torch.autograd.grad(outputs.square().sum() + last.sum(), [x, weight, bias, h])])
    tolerance = {torch.float32: 2e-5, torch.float64: 1e-13}[dtype]
    for ours, theirs in zip(*answers, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=tolerance, atol=tolerance)


def test_zoneout_of_a_mingru_keeps_states():
    layer = layer_of("MinGRU", {}, regularisation=rc.nn.Regularisation(zoneout=0.4))
    x = torch.randn(30, 2, 3, dtype=torch.float64)
    outputs, _ = layer(x)
    kept = (outputs[1:] == outputs[:-1]).double().mean()
    assert 0.2 < kept < 0.6
    assert not torch.equal(layer.eval()(x)[0], layer_of("MinGRU", {})(x)[0])


def test_recurrent_dropout_of_an_slstm():
    layer = layer_of("SLSTM", {}, regularisation=rc.nn.Regularisation(recurrent_dropout=0.5))
    x = torch.randn(9, 2, 3, dtype=torch.float64)
    assert not torch.equal(layer(x)[0], layer(x)[0])
    assert torch.equal(layer.eval()(x)[0], layer_of("SLSTM", {})(x)[0])


REFUSED = [
    ("MinGRU", {"layer_norm": True}, "'mingru' takes no layer_norm, because there is no product with h to normalise"),
    ("MinGRU", {"peepholes": True}, "takes no peepholes, because its gates see the input alone: expected zoneout"),
    ("SLSTM", {"proj_size": 3}, "the cell 'slstm' takes no proj_size: expected recurrent_dropout"),
    ("SLSTM", {"regularisation": rc.nn.Regularisation(zoneout=0.1)}, "takes no zoneout, because c, n and m are one"),
    ("MinGRU", {"regularisation": rc.nn.Regularisation(recurrent_dropout=0.1)}, "takes no recurrent_dropout, because"),
    (
        "SLSTM",
        {"head": 2},
        "head is no argument of SLSTM: expected one of torch.nn's recurrent layers, or heads, forget",
    ),
    ("SLSTM", {"heads": 4}, "hidden_size is 6: expected a multiple of heads, 4"),
    ("MinGRU", {"dropout": 2}, "dropout is 2: expected a share from 0 to 1"),
    ("MinGRU", {"num_layers": 0}, "num_layers is 0: expected a whole number of at least 1"),
]


@pytest.mark.parametrize(("name", "options", "message"), REFUSED)
def test_what_a_cell_does_not_take_is_refused(name, options, message):
    with pytest.raises(InputError, match=message):
        getattr(rc.nn, name)(3, 6, **options)


def test_steps_that_cannot_be_taken():
    with pytest.raises(InputError, match="the layer is bidirectional: expected one direction, because the reverse one"):
        rc.nn.GRU(3, 4, bidirectional=True).step(torch.randn(2, 3))
    dropping = rc.nn.LSTM(3, 4, regularisation=rc.nn.Regularisation(recurrent_dropout=0.2))
    with pytest.raises(InputError, match=r"draws masks for a whole sequence.*call eval\(\) first"):
        dropping.step(torch.randn(2, 3))
    dropping.eval().step(torch.randn(2, 3))
    with pytest.raises(ShapeError, match=r"input is of shape \(4, 2, 3\): expected one step, \[B, F\]"):
        rc.nn.RNN(3, 4).step(torch.randn(4, 2, 3))
    with pytest.raises(ShapeError, match=r"hx is one tensor: expected 4 tensors, \(h, c, n, m\)"):
        rc.nn.SLSTM(3, 4).step(torch.randn(2, 3), torch.zeros(1, 2, 4))


@pytest.mark.parametrize("name", ["RNN", "GRU", "LSTM"])
def test_steps_of_the_layers_of_torch(name):
    torch.manual_seed(0)
    layer, x = getattr(rc.nn, name)(3, 5, 2).double(), torch.randn(9, 3, dtype=torch.float64)
    state, found = None, []
    for x_t in x:  # without a batch
        y, state = layer.step(x_t, state)
        found.append(y)
    outputs, last = layer(x)
    same(torch.stack(found), outputs)
    same(parts(state), parts(last))


def test_a_stack_of_them_step_by_step():
    torch.manual_seed(0)
    stack = rc.nn.Stack([rc.nn.MinGRU(3, 4), nn.LSTM(4, 4), rc.nn.SLSTM(4, 2)], residual=True).double()
    x, states, found = torch.randn(7, 2, 3, dtype=torch.float64), None, []
    for x_t in x:
        y, states = stack.step(x_t, states)
        found.append(y)
    same(torch.stack(found), stack(x)[0])


@pytest.mark.slow
@every_kind
def test_copies_files_and_compiling(name, options):
    layer, x = layer_of(name, options, 2), torch.randn(5, 2, 3, dtype=torch.float64)
    expected = layer(x)[0]
    saved = io.BytesIO()
    torch.save(layer.state_dict(), saved)
    saved.seek(0)
    other = getattr(rc.nn, name)(3, 6, 2, **options).double()
    other.load_state_dict(torch.load(saved))
    for twin in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer)), other):
        assert torch.equal(twin(x)[0], expected)
    torch._dynamo.reset()
    compiled = torch.compile(layer, backend="aot_eager", fullgraph=True)
    same(compiled(x)[0], expected)
    ours, theirs = (torch.autograd.grad(f(x)[0].sum(), list(layer.parameters())) for f in (compiled, layer))
    same(ours, theirs)


def test_the_reference_runs_them_and_is_counted():
    before = calls()
    rc.nn.SLSTM(3, 4, 2)(torch.randn(3, 2, 3))
    after = calls()
    assert {name: after[name] - before[name] for name in after} == {"cpu": 0, "torch": 0, "reference": 2}
    with (
        pytest.raises(InputError, match=r"backend is 'cpu', but the engine has no kernel for SLSTM\("),
        rc.backend("cpu"),
    ):
        rc.nn.SLSTM(3, 4)(torch.randn(3, 2, 3))


def test_first_weights_are_those_of_the_papers():
    torch.manual_seed(0)
    mingru, slstm = rc.nn.MinGRU(400, 50), rc.nn.SLSTM(400, 50, 2, heads=2)
    assert 0.95 / 20 < mingru.get_parameter("weight_ih_l0").abs().max() <= 1 / 20
    assert abs(float(slstm.get_parameter("weight_ih_l0").detach().std()) / (2 / (5 * 400)) ** 0.5 - 1) < 0.05
    assert (slstm.get_parameter("weight_hh_l0") == 0).all()
    bias, upper = slstm.get_parameter("bias_ih_l0"), slstm.get_parameter("bias_ih_l1")
    forget = bias[50:100].view(2, 25)
    assert torch.equal(forget[0], forget[1])
    same(forget[0, [0, -1]], torch.tensor([5.0, -7.0]), atol=1e-6)
    middle = 5 - 12 * torch.tensor([(12 / 24) ** 0.3, (12 / 24) ** 1.6])  # the first and the last layer
    same(torch.stack([forget[0, 12], upper[62]]), middle, atol=1e-5)
    assert (bias[:50] == 0).all()
    assert (bias[100:] == 0).all()


@pytest.mark.train
@every_kind
def test_it_learns_to_remember(name, options):
    """The sign of the first of 8 numbers, which a mark stands beside: by chance the loss is 0.69."""
    torch.manual_seed(0)
    layer, head = getattr(rc.nn, name)(2, 16, **options), nn.Linear(16, 1)
    optimiser = torch.optim.Adam([*layer.parameters(), *head.parameters()], lr=0.02)
    losses = []
    for _ in range(250):
        x = torch.randn(8, 64, 2)
        x[..., 1] = 0
        x[0, :, 1] = 3
        logits = head(layer(x)[0][-1]).squeeze(-1)
        loss = nn.functional.binary_cross_entropy_with_logits(logits, (x[0, :, 0] > 0).float())
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(float(loss.detach()))
    assert sum(losses[-20:]) / 20 < 0.35, losses[::25]
