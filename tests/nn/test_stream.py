"""Streams: one step at a time equals the layer over the whole sequence, for every cell, option, subset and kernel."""

from __future__ import annotations

import os
import threading

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.drawing import examples
from tests.kernels.cases import BUILDS, builds
from torch import nn

import recurra as rc
from recurra.errors import InputError, ModelFileError, ShapeError
from recurra.kernels.chooser import NO_ENGINE
from recurra.nn import Regularisation, Stack

TOLERANCE = {torch.float32: 2e-5, torch.float64: 1e-12, torch.bfloat16: 0.06}
SIZES = st.sampled_from([1, 3, 17, 63])
KERNELS = [] if NO_ENGINE else BUILDS


@st.composite
def layers(draw, features: int, batch_first: bool = False):
    """A causal layer of any kind, its gains away from 1, ready for streaming."""
    kind = draw(st.sampled_from(["RNN", "LSTM", "GRU", "MinGRU", "SLSTM"]))
    hidden, depth = draw(SIZES), draw(st.integers(1, 2))
    options = {"bias": draw(st.booleans()), "num_layers": depth, "batch_first": batch_first}
    if kind == "RNN":
        options["nonlinearity"] = draw(st.sampled_from(["tanh", "relu"]))
    if kind == "GRU":
        options["reset_after"] = draw(st.booleans())
    if kind in ("RNN", "LSTM") or (kind == "GRU" and options["reset_after"]):
        options["layer_norm"] = draw(st.booleans())
    if kind == "LSTM":
        options["peepholes"] = draw(st.booleans())
        options["proj_size"] = draw(st.sampled_from([0, max(1, hidden // 2)])) if hidden > 1 else 0
    if kind in ("RNN", "LSTM", "GRU") and draw(st.booleans()):
        options["regularisation"] = Regularisation(zoneout=draw(st.sampled_from([0.0, 0.25])))
    layer = getattr(rc.nn, kind)(features, hidden, **options).eval()
    with torch.no_grad():
        for name, parameter in layer.named_parameters():
            parameter.uniform_(-1.5 * hidden**-0.5, 1.5 * hidden**-0.5)
            if name.startswith("weight_norm"):
                parameter.add_(1.0)
    return layer


def outputs_of(layer, x):
    with torch.no_grad(), rc.backend("reference"):
        return layer(x)


def close(found, expected, dtype=torch.float32):
    expected = np.asarray(expected)
    assert found.shape == expected.shape
    scale = max(1.0, float(np.abs(expected).max(initial=0)))
    assert np.abs(found - expected).max(initial=0) <= TOLERANCE[dtype] * scale


def force(build: str):
    """Every stream made from now on is of this build."""
    assert builds._engine.choose_build(build)


@pytest.fixture(params=[*KERNELS, "reference"])
def kernel(request):
    """A context in which streams are made by one kernel, build by build."""
    if request.param == "reference":
        with rc.backend("reference"):
            yield "reference"
        return
    before = builds._engine.chosen_build()
    force(request.param)
    yield "cpu"
    force(before)


@pytest.mark.slow
@settings(max_examples=examples(60), deadline=None)
@given(st.data())
def test_steps_equal_the_whole_sequence(data):
    features, batch, steps = data.draw(SIZES), data.draw(st.sampled_from([1, 2, 9, 20])), data.draw(st.integers(1, 12))
    torch.manual_seed(data.draw(st.integers(0, 2**31)))
    layer = data.draw(layers(features))
    dtype = data.draw(st.sampled_from([torch.float32, torch.float64, torch.bfloat16]))
    layer.to(dtype)
    x = torch.randn(steps, batch, features).to(dtype)
    stream = layer.stream(batch=batch)
    if stream.kernel == "cpu":  # the same bits as the engine gives for the sequence
        with torch.no_grad(), rc.backend("cpu"):
            same, _ = layer(x)
        again = layer.stream(batch=batch)
        for x_t, y_t in zip(x, same, strict=True):
            assert torch.equal(again.step(x_t), y_t)
    if dtype is torch.bfloat16 and stream.kernel == "cpu":
        return  # whose roundings differ from the reference's
    expected, last = outputs_of(layer, x)
    for x_t, y_t in zip(x, expected, strict=True):
        y = stream.step(x_t)
        assert y.dtype is dtype
        close(y.double().numpy(), y_t.double(), dtype)
    states = stream.state if isinstance(stream.state, tuple) else (stream.state,)
    for state, end in zip(states, last if isinstance(last, tuple) else (last,), strict=True):
        close(state, end.double(), dtype)


@pytest.mark.slow
@settings(max_examples=examples(40), deadline=None)
@given(st.data())
def test_a_stack_with_a_head_steps_any_rows_as_each_row_alone(data):
    """Rows that are stepped in any order and number, and begun anew, give what each gives in a sequence of its own."""
    torch.manual_seed(data.draw(st.integers(0, 2**31)))
    features, batch = data.draw(SIZES), data.draw(st.integers(1, 24))
    below = data.draw(layers(features))
    above = data.draw(layers(below.width))
    stack = Stack([below, above]).eval()
    head = nn.Linear(above.width, data.draw(SIZES), bias=data.draw(st.booleans()))
    stream = stack.stream(batch=batch, head=head, threads=data.draw(st.integers(1, 3)))
    seen: list[list[torch.Tensor]] = [[] for _ in range(batch)]
    for _ in range(data.draw(st.integers(1, 6))):
        rows = data.draw(st.lists(st.integers(0, batch - 1), unique=True))
        if rows and data.draw(st.booleans()):
            stream.reset(rows[:1])
            seen[rows[0]] = []
        x = torch.randn(len(rows), features)
        y = stream.step_rows(np.array(rows, np.int64), x.numpy())
        for row, x_row, found in zip(rows, x, y, strict=True):
            seen[row].append(x_row)
            expected, _ = outputs_of(stack, torch.stack(seen[row]).unsqueeze(1))
            close(found, head(expected[-1, 0]).detach())


def test_every_build_and_the_reference_give_the_same(kernel):
    torch.manual_seed(0)
    stack = Stack(
        [
            rc.nn.LSTM(5, 19, peepholes=True, layer_norm=True, proj_size=7, num_layers=2),
            rc.nn.GRU(7, 7, reset_after=False),
            rc.nn.GRU(7, 7, layer_norm=True),
            rc.nn.RNN(7, 7, num_layers=2),
        ],
        residual=True,
    )
    head = nn.Linear(7, 3)
    x = torch.randn(11, 6, 5)
    stream = stack.stream(batch=6, head=head)
    assert stream.kernel == kernel
    expected = head(outputs_of(stack, x)[0]).detach()
    for x_t, y_t in zip(x.numpy(), expected, strict=True):
        close(stream.step(x_t), y_t)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("make", [
    lambda: rc.nn.LSTM(40, 256), lambda: rc.nn.GRU(256, 512, reset_after=False),
    lambda: rc.nn.LSTM(16, 400, proj_size=300), lambda: rc.nn.GRU(8, 300, num_layers=2),
])  # fmt: skip
def test_threads_that_share_the_gates_change_nothing(make, dtype):
    """Weights of more than a megabyte are shared out by columns where rows are few: the same bits as one thread."""
    torch.manual_seed(1)
    layer = make().to(dtype)
    for batch in (1, 5):
        x = torch.randn(6, batch, layer.input_size, dtype=dtype)
        one, three = layer.stream(batch, threads=1), layer.stream(batch, threads=3)
        expected, _ = outputs_of(layer, x)
        for x_t, y_t in zip(x.numpy(), expected, strict=True):
            y = one.step(x_t)
            np.testing.assert_array_equal(three.step(x_t), y)
            close(y, y_t, dtype)


def test_many_rows_are_shared_out_and_each_is_its_own():
    torch.manual_seed(2)
    layer = rc.nn.LSTM(8, 64)
    x = torch.randn(3, 1003, 8)
    expected, _ = outputs_of(layer, x)
    streams = [layer.stream(1003, threads=threads) for threads in (1, 2, 4)]
    for x_t, y_t in zip(x.numpy(), expected, strict=True):
        found = [stream.step(x_t) for stream in streams]
        close(found[0], y_t)
        for each in found[1:]:
            np.testing.assert_array_equal(each, found[0])


def test_outputs_are_arrays_of_their_own_unless_out_is_given():
    stream = rc.nn.GRU(2, 4).stream()
    first = stream.step(np.ones(2, np.float32))
    before = first.copy()
    out = np.empty(4, np.float32)
    assert stream.step(np.ones(2, np.float32), out) is out
    np.testing.assert_array_equal(first, before)
    assert not np.array_equal(out, before)


def test_out_may_be_the_input():
    torch.manual_seed(3)
    layer = rc.nn.LSTM(6, 6)
    x = np.random.default_rng(0).normal(size=(50, 6)).astype(np.float32)
    expected = layer.stream(50).step(x)
    assert layer.stream(50).step(x, out=x) is x
    np.testing.assert_array_equal(x, expected)


@pytest.mark.parametrize("form", [
    list, lambda x: x.astype(np.float64), lambda x: np.asfortranarray(x), lambda x: np.repeat(x, 2, 1)[:, ::2],
    lambda x: x.astype(">f4"), torch.from_numpy, lambda x: torch.from_numpy(x).double(),
    lambda x: np.broadcast_to(x, x.shape),
])  # fmt: skip
def test_any_array_of_numbers_is_taken(form):
    layer = rc.nn.LSTM(4, 3)
    x = np.arange(8, dtype=np.float32).reshape(2, 4)
    np.testing.assert_array_equal(np.asarray(layer.stream(2).step(form(x))), layer.stream(2).step(x))
    rows = layer.stream(2)
    np.testing.assert_array_equal(np.asarray(rows.step_rows([True, True], form(x))), layer.stream(2).step(x))


def test_the_state_can_be_read_and_set_and_continues_a_layer():
    torch.manual_seed(4)
    stack = Stack([rc.nn.LSTM(3, 5, num_layers=2), rc.nn.GRU(5, 4)])
    x = torch.randn(9, 2, 3)
    expected, _ = outputs_of(stack, x)
    _, last = outputs_of(stack, x[:6])
    stream = stack.stream(2)
    stream.state = last
    copy = stream.state
    assert [np.shape(part) for part in copy[0]] == [(2, 2, 5), (2, 2, 5)]
    assert copy[1].shape == (1, 2, 4)
    for x_t, y_t in zip(x[6:].numpy(), expected[6:], strict=True):
        close(stream.step(x_t), y_t)
    np.testing.assert_array_equal(copy[1], last[1].numpy())  # a copy stays as it was
    stream.state = copy
    close(stream.step(x[6].numpy()), expected[6])


def test_saved_and_loaded_it_goes_on(tmp_path, kernel):
    torch.manual_seed(5)
    layer = rc.nn.LSTM(3, 5, num_layers=2)
    stream = layer.stream(3)
    x = np.random.default_rng(1).normal(size=(4, 3, 3)).astype(np.float32)
    for x_t in x[:2]:
        stream.step(x_t)
    stream.save(tmp_path / "state.safetensors")
    again = layer.stream(3)
    again.load(tmp_path / "state.safetensors")
    for x_t in x[2:]:
        np.testing.assert_array_equal(again.step(x_t), stream.step(x_t))


def test_a_state_that_is_another_is_refused(tmp_path):
    torch.manual_seed(6)
    layer, path = rc.nn.LSTM(3, 5), tmp_path / "state.safetensors"
    stream = layer.stream(2)
    stream.step(np.ones((2, 3), np.float32))
    stream.save(path)
    other = rc.nn.LSTM(3, 5).stream(2)
    with pytest.raises(ModelFileError, match="other weights"):
        other.load(path)
    assert not other.state[0].any()
    other.load(path, any_weights=True)
    np.testing.assert_array_equal(other.state[0], stream.state[0])
    with pytest.raises(ModelFileError, match=r"0\.h is F32 \(2, 5\): expected F32 \(3, 5\)"):
        layer.stream(3).load(path)
    with pytest.raises(ModelFileError, match="layers"):
        rc.nn.GRU(3, 5).stream(2).load(path)
    with pytest.raises(InputError, match="there is no file"):
        stream.load(tmp_path / "nothing")
    whole = path.read_bytes()
    for size in (0, 4, 8, 60, len(whole) - 1):
        path.write_bytes(whole[:size])
        with pytest.raises(ModelFileError):
            stream.load(path)


@pytest.mark.parametrize(("x", "message"), [
    (np.zeros((2, 4), np.float32), r"x has shape \(2, 4\): expected \(2, 3\), rows and input_size"),
    (np.zeros(3, np.float32), r"x has shape \(3,\)"),
    (np.zeros((2, 3), complex), "x has dtype complex128: expected real numbers"),
    ([["a"] * 3] * 2, "x has dtype <U1"),
    (torch.zeros(3, 2), r"x has shape \(3, 2\)"),
])  # fmt: skip
def test_what_does_not_fit_is_refused_and_nothing_happens(x, message):
    stream = rc.nn.LSTM(3, 5).stream(2)
    with pytest.raises(ShapeError, match=message):
        stream.step(x)
    assert not stream.state[0].any()


@pytest.mark.parametrize(("rows", "message"), [
    ([0, 2], "rows holds 2: expected numbers from 0 to 1"), ([-1, 0], "rows holds -1"), ([1, 1], "rows holds 1 twice"),
    ([0.0, 1.0], "rows has dtype float64"), ([True], "mask of 1 values: expected 2"), ([[0, 1]], "one dimension"),
])  # fmt: skip
def test_rows_that_are_none_are_refused(rows, message):
    stream = rc.nn.LSTM(3, 5).stream(2)
    with pytest.raises(InputError, match=message):
        stream.step_rows(rows, np.zeros((2, 3), np.float32))
    with pytest.raises(InputError):
        stream.step_rows(np.array(rows), np.zeros((2, 3), np.float32))
    with pytest.raises(InputError, match=message):
        stream.reset(rows)
    assert not stream.state[0].any()


@pytest.mark.parametrize("out", [
    np.zeros((2, 4), np.float32), np.zeros((2, 5)), np.zeros((5, 2), np.float32).T, [[0.0] * 5] * 2,
    np.broadcast_to(np.float32(0), (2, 5)),
])  # fmt: skip
def test_an_out_that_cannot_be_written_is_refused(out):
    with pytest.raises(ShapeError, match="out is"):
        rc.nn.LSTM(3, 5).stream(2).step(np.zeros((2, 3), np.float32), out)


def test_what_is_not_causal_or_fits_not_is_refused_with_the_reason():
    with pytest.raises(InputError, match="the layer is bidirectional"):
        rc.nn.LSTM(3, 5, bidirectional=True).stream()
    with pytest.raises(InputError, match="training mode"):
        rc.nn.GRU(3, 5, regularisation=Regularisation(recurrent_dropout=0.5)).stream()
    with pytest.raises(InputError, match="training mode"):
        Stack([rc.nn.GRU(3, 5), rc.nn.GRU(5, 5)], dropout=0.5).stream()
    with pytest.raises(InputError, match="batch is 0"):
        rc.nn.GRU(3, 5).stream(0)
    with pytest.raises(ShapeError, match="head takes 4 features: expected 5"):
        rc.nn.GRU(3, 5).stream(head=nn.Linear(4, 1))
    with pytest.raises(ShapeError, match=r"state \(h\) has shape"):
        rc.nn.LSTM(3, 5).stream().state = (np.zeros((1, 2, 5)), np.zeros((1, 1, 5)))


def test_a_stream_keeps_its_weights():
    torch.manual_seed(7)
    layer = rc.nn.LSTM(3, 5, layer_norm=True, peepholes=True)
    head = nn.Linear(5, 2)
    one, two = layer.stream(head=head), layer.stream(head=head)
    x = np.ones(3, np.float32)
    expected = one.step(x)
    with torch.no_grad():
        for parameter in (*layer.parameters(), *head.parameters()):
            parameter.fill_(float("nan"))
    np.testing.assert_array_equal(two.step(x), expected)


def test_cells_without_a_kernel_and_a_function_of_ones_own_take_the_reference():
    assert rc.nn.MinGRU(3, 5).stream().kernel == "reference"
    own = rc.nn.RNN(3, 5, nonlinearity=torch.sin)
    stream, x = own.stream(), torch.randn(4, 1, 3)
    assert stream.kernel == "reference"
    for x_t, y_t in zip(x.numpy(), outputs_of(own, x)[0], strict=True):
        close(stream.step(x_t), y_t)


@pytest.mark.skipif(not KERNELS, reason="the C++ engine is not built here")
def test_a_stream_that_is_at_a_step_is_not_entered_twice():
    """Two threads at one stream: each step is whole, or refused."""
    stream = rc.nn.LSTM(64, 256).stream(64)
    x, refused, done = np.zeros((64, 64), np.float32), [], []

    def steps() -> None:
        for _ in range(30):
            try:
                stream.step(x)
                done.append(1)
            except InputError as error:
                refused.append(str(error))

    threads = [threading.Thread(target=steps) for _ in range(3)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert len(done) + len(refused) == 90
    assert done
    assert all("another thread" in each for each in refused)


@pytest.mark.slow
@pytest.mark.skipif(not KERNELS, reason="the C++ engine is not built here")
def test_a_thread_that_shared_with_many_shares_with_few():
    """What a thread remembers of its slice must not lose a slice where there are fewer."""
    torch.manual_seed(2)
    layer, x = rc.nn.LSTM(300, 300), np.ones(300, np.float32)
    expected = layer.stream(threads=1).step(x)
    for threads in (16, 2, 5, 2, 3, 7, 2) * 20:
        np.testing.assert_array_equal(layer.stream(threads=threads).step(x), expected)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child_can_step():
    layer = rc.nn.LSTM(300, 300)
    stream = layer.stream(threads=2)
    x = np.ones(300, np.float32)
    expected = layer.stream().step(x)
    child = os.fork()
    if child == 0:
        os._exit(0 if np.array_equal(stream.step(x), expected) else 1)
    assert os.waitpid(child, 0)[1] == 0


def eighths(rows: int):
    """A stack in 8 bits, its head wider than a panel, and inputs of odd sizes."""
    torch.manual_seed(4)
    stack = Stack([rc.nn.LSTM(5, 19), rc.nn.GRU(19, 63), rc.nn.GRU(63, 3, reset_after=False), rc.nn.RNN(3, 3)])
    head = nn.Linear(3, 65)
    return stack, head, torch.randn(9, rows, 5).numpy()


def test_in_8_bits_every_build_is_as_the_reference_with_rounded_weights(kernel):
    stack, head, x = eighths(3)
    stream = stack.stream(3, head=head, int8=True)
    assert stream.kernel == kernel
    with rc.backend("reference"):
        slow = stack.stream(3, head=head, int8=True)
    plain = stack.stream(3, head=head)
    apart = 0.0
    for x_t in x:
        y, exact = stream.step(x_t), plain.step(x_t)
        np.testing.assert_allclose(y, slow.step(x_t), atol=1e-4)
        apart = max(apart, float(np.abs(y - exact).max()))
    assert 1e-4 < apart < 0.05


@pytest.mark.skipif(bool(NO_ENGINE), reason="the engine is not built")
def test_in_8_bits_each_row_is_its_own_and_what_is_no_number_stays_none():
    stack, head, x = eighths(3)
    together, alone = stack.stream(3, head=head, int8=True), stack.stream(1, head=head, int8=True)
    for x_t in x:
        given = x_t.copy()
        given[1, 2] = np.nan
        y = together.step(given)
        np.testing.assert_array_equal(y[0], alone.step(x_t[0]))
        assert np.isnan(y[1]).all()
        assert np.isfinite(y[2]).all()
    zeros = rc.nn.RNN(3, 2, bias=False)
    with torch.no_grad():
        for parameter in zeros.parameters():
            parameter.zero_()
    assert not zeros.stream(int8=True).step(np.zeros(3, np.float32)).any()


def test_8_bits_are_of_float32():
    with pytest.raises(InputError, match=r"int8 is True, but the weights are torch\.bfloat16: expected float32"):
        rc.nn.GRU(3, 5).bfloat16().stream(int8=True)
