"""Recurra's layers against torch.nn's: every form of input, every argument, outputs, last states and all gradients."""

from __future__ import annotations

import warnings

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.drawing import examples
from tests.nn.pairs import BACKENDS, NAMES, Ran, flat, pair, same_with_gradients, states
from torch import nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence, pack_sequence, pad_packed_sequence

import recurra as rc
from recurra.errors import ShapeError

SHAPES = {
    "plain": {}, "without bias": {"bias": False}, "layers": {"num_layers": 3}, "both ways": {"bidirectional": True},
    "all": {"num_layers": 2, "bidirectional": True, "batch_first": True},
}  # fmt: skip
every_name = pytest.mark.parametrize("name", NAMES)
every_backend = pytest.mark.parametrize("backend", BACKENDS)


def sequence(layer, batch=3, steps=5, dtype=torch.float64):
    shape = (batch, steps) if layer.batch_first else (steps, batch)
    return torch.randn(*shape, layer.input_size, dtype=dtype).requires_grad_()


@every_backend
@every_name
@pytest.mark.parametrize("given_state", [False, True])
@pytest.mark.parametrize("shape", SHAPES)
def test_padded(name, backend, shape, given_state):
    ours, theirs = pair(name, 4, 17, **SHAPES[shape])
    x = sequence(ours)
    hx = states(ours, 3) if given_state else None
    with rc.backend(backend), Ran() as ran:
        found = ours(x, hx)
    assert ran.counts == {backend: len(ours._all_weights)}
    leaves = [x] if hx is None else [x, *(hx if name == "LSTM" else [hx])]
    same_with_gradients(ours, theirs, leaves, found, theirs(x, hx))


@every_backend
@pytest.mark.parametrize("shape", SHAPES)
def test_projection(backend, shape):
    ours, theirs = pair("LSTM", 4, 17, proj_size=3, **SHAPES[shape])
    x, hx = sequence(ours), states(ours, 3)
    with rc.backend(backend):
        found = ours(x, hx)
    same_with_gradients(ours, theirs, [x, *hx], found, theirs(x, hx))


@every_backend
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@every_name
def test_other_dtypes(name, backend, dtype):
    ours, theirs = pair(name, 4, 17, dtype=dtype)
    x = sequence(ours, dtype=dtype)
    with rc.backend(backend):
        found = ours(x)
    assert all(tensor.dtype == dtype for tensor in flat(found))
    same_with_gradients(ours, theirs, [x], found, theirs(x))


@every_backend
def test_relu(backend):
    ours, theirs = pair("RNN", 4, 17, nonlinearity="relu", num_layers=2)
    x = sequence(ours)
    with rc.backend(backend):
        found = ours(x)
    same_with_gradients(ours, theirs, [x], found, theirs(x))


@every_backend
@every_name
@pytest.mark.parametrize("batch_first", [False, True])
def test_unbatched(name, backend, batch_first):
    ours, theirs = pair(name, 4, 3, 2, batch_first=batch_first)
    x, hx = torch.randn(5, 4, dtype=torch.float64).requires_grad_(), states(ours, 1)
    alone = tuple(s[:, 0] for s in hx) if name == "LSTM" else hx[:, 0]
    with rc.backend(backend):
        found, without = ours(x, alone), ours(x)
    assert [t.shape for t in flat(found)] == [t.shape for t in flat(theirs(x, alone))]
    same_with_gradients(ours, theirs, [x], found, theirs(x, alone))
    same_with_gradients(ours, theirs, [x], without, theirs(x))


@every_backend
@every_name
@pytest.mark.parametrize("enforce_sorted", [True, False])
@pytest.mark.parametrize("shape", ["plain", "all"])
def test_packed(name, backend, enforce_sorted, shape):
    ours, theirs = pair(name, 4, 17, **SHAPES[shape])
    lengths = [5, 3, 3, 1] if enforce_sorted else [3, 1, 5, 3]
    x, hx = sequence(ours, batch=4), states(ours, 4)
    packed = pack_padded_sequence(x, torch.tensor(lengths), ours.batch_first, enforce_sorted)
    with rc.backend(backend), Ran() as ran:
        found = ours(packed, hx)
    assert ran.counts == {backend: len(ours._all_weights)}
    assert isinstance(found[0], PackedSequence)
    result = theirs(packed, hx)
    for ours_field, field in zip(found[0][1:], result[0][1:], strict=True):
        assert ours_field is field
    same_with_gradients(ours, theirs, [x, *(hx if name == "LSTM" else [hx])], found, result)
    with rc.backend(backend):
        same_with_gradients(ours, theirs, [x], ours(packed), theirs(packed))


@pytest.mark.slow
@every_backend
@every_name
@settings(max_examples=examples(20))
@given(
    lengths=st.lists(st.integers(0, 6), min_size=1, max_size=5), batch_first=st.booleans(), layers=st.integers(1, 2),
    bidirectional=st.booleans(), hidden=st.sampled_from([1, 3, 17]),
)  # fmt: skip
def test_lengths_are_rows_alone(name, backend, lengths, batch_first, layers, bidirectional, hidden):
    ours, theirs = pair(name, 2, hidden, layers, batch_first=batch_first, bidirectional=bidirectional)
    x, hx = sequence(ours, len(lengths), 6).detach(), states(ours, len(lengths))
    rows = x if batch_first else x.transpose(0, 1)
    for row, length in enumerate(lengths):
        rows[row, length:] = torch.nan  # must not be read
    with rc.backend(backend):
        outputs, last = ours(x, hx, lengths=lengths)
    last = last if name == "LSTM" else (last,)
    hx = hx if name == "LSTM" else (hx,)
    assert outputs.shape == (*x.shape[:2], hidden * (2 if bidirectional else 1))
    by_row = outputs if batch_first else outputs.transpose(0, 1)
    for row, length in enumerate(lengths):
        start = tuple(state[:, row] for state in hx)
        assert (by_row[row, length:] == 0).all()
        if length:
            alone, end = theirs(rows[row, :length], start if name == "LSTM" else start[0])
            torch.testing.assert_close(by_row[row, :length], alone, rtol=0, atol=1e-12)
            end = end if name == "LSTM" else (end,)
        else:
            end = start
        torch.testing.assert_close(tuple(state[:, row] for state in last), end, rtol=0, atol=1e-12)
    gradients = torch.autograd.grad(outputs.sum() + sum(s.sum() for s in last), list(ours.parameters()))
    assert all(torch.isfinite(gradient).all() for gradient in gradients)


@every_backend
@every_name
def test_lengths_are_the_packed_sequence(name, backend):
    ours, _ = pair(name, 4, 3, 2, bidirectional=True)
    lengths = torch.tensor([2, 5, 1], dtype=torch.int32)
    x = sequence(ours).detach()
    packed = pack_padded_sequence(x, lengths, enforce_sorted=False)
    with rc.backend(backend):
        outputs, last = ours(x, lengths=lengths)
        other, end = ours(packed)
    torch.testing.assert_close(outputs, pad_packed_sequence(other)[0], rtol=0, atol=1e-14)
    torch.testing.assert_close(last, end, rtol=0, atol=1e-14)


@every_name
def test_full_lengths_change_nothing(name):
    ours, _ = pair(name, 4, 3)
    x = sequence(ours)
    torch.testing.assert_close(ours(x, lengths=[5, 5, 5]), ours(x), rtol=0, atol=0)


@every_backend
@every_name
def test_input_that_is_not_contiguous(name, backend):
    ours, theirs = pair(name, 4, 3)
    x = torch.randn(3, 8, 5, dtype=torch.float64).requires_grad_()
    view = x.permute(2, 0, 1)[:, :, ::2]
    assert not view.is_contiguous()
    with rc.backend(backend):
        same_with_gradients(ours, theirs, [x], ours(view), theirs(view))


@every_backend
@every_name
def test_an_empty_batch(name, backend):
    ours, theirs = pair(name, 4, 3, 2, bidirectional=True)
    x = torch.randn(5, 0, 4, dtype=torch.float64)
    with rc.backend(backend):
        found = flat(ours(x))
        assert [t.shape for t in flat(ours(x, lengths=[]))] == [t.shape for t in found]
    assert [t.shape for t in found] == [t.shape for t in flat(theirs(x))]
    found[0].sum().backward()
    assert all((p.grad == 0).all() for p in ours.parameters())


@every_backend
@every_name
def test_no_steps(name, backend):
    ours, theirs = pair(name, 4, 3, 2)
    x, hx = torch.randn(0, 2, 4, dtype=torch.float64), states(ours, 2)
    with rc.backend(backend):
        for layer in (ours, theirs):
            with pytest.raises(RuntimeError, match=r"(?i)expected .*(at least one|larger than 0)"):
                layer(x)
        outputs, last = ours(x, hx, lengths=[0, 0])
    assert outputs.shape == (0, 2, 3)
    torch.testing.assert_close(last, hx, rtol=0, atol=0)


@every_backend
@every_name
def test_a_nan_stays_in_its_row(name, backend):
    ours, _ = pair(name, 4, 17, 2, bidirectional=True)
    x = sequence(ours).detach()
    with rc.backend(backend):
        clean = flat(ours(x))
        x[2, 1] = torch.nan
        found = flat(ours(x))
    for ours_tensor, tensor in zip(found, clean, strict=True):
        assert ours_tensor[:, 1].isnan().any()
        torch.testing.assert_close(ours_tensor[:, [0, 2]], tensor[:, [0, 2]], rtol=0, atol=1e-12)


@every_name
def test_dropout_between_layers_is_in_training_only(name):
    ours, _ = pair(name, 4, 64, 2, dropout=0.5)
    x = sequence(ours).detach()
    torch.manual_seed(1)
    first, second = ours(x)[1], ours(x)[1]
    torch.manual_seed(1)
    again = ours(x)[1]
    first, second, again = (state[0] if name == "LSTM" else state for state in (first, second, again))
    torch.testing.assert_close(again, first, rtol=0, atol=0)
    torch.testing.assert_close(second[0], first[0], rtol=0, atol=0)  # the first layer sees no dropout
    assert not torch.allclose(second[1], first[1])
    ours.eval()
    torch.testing.assert_close(ours(x), ours(x), rtol=0, atol=0)
    # dropping everything leaves the second layer without input
    everything, _ = pair(name, 4, 3, 2, dropout=1.0)
    other = sequence(ours).detach()
    torch.testing.assert_close(everything(x)[0], everything(other)[0], rtol=0, atol=0)


@pytest.mark.parametrize("grad", [True, False])
@pytest.mark.parametrize("input_dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("form", ["padded", "state", "packed"])
@every_name
def test_autocast_gives_the_dtypes_of_torch(name, form, input_dtype, grad):
    ours, theirs = pair(name, 4, 17, 2, bidirectional=True, dtype=torch.float32)
    x = torch.randn(5, 3, 4)
    argument = [x.to(input_dtype)]
    if form == "packed":
        argument = [pack_padded_sequence(argument[0], torch.tensor([5, 3, 3]))]
    elif form == "state":
        argument.append(states(ours, 3))
    with torch.set_grad_enabled(grad), torch.autocast("cpu", torch.bfloat16), Ran() as ran:
        found, result = flat(ours(*argument)), flat(theirs(*argument))
    assert [t.dtype for t in found] == [t.dtype for t in result]
    torch.testing.assert_close(found, result, rtol=0, atol=6e-2)
    if "cpu" in BACKENDS:
        assert ran.counts == {"cpu": 4}
    if grad:
        gradients = torch.autograd.grad(found[0].sum(), list(ours.parameters()))
        assert all(gradient.dtype == torch.float32 for gradient in gradients)


def test_autocast_projection_and_lengths():
    ours, theirs = pair("LSTM", 4, 17, proj_size=3, dtype=torch.float32)
    x = torch.randn(5, 3, 4)
    with torch.autocast("cpu", torch.bfloat16):
        for given in (x, x.bfloat16(), pack_padded_sequence(x, torch.tensor([5, 3, 3]))):
            with warnings.catch_warnings(action="ignore"):  # torch says that oneDNN has no projections
                result = flat(theirs(given))
            assert [t.dtype for t in flat(ours(given))] == [t.dtype for t in result]
            torch.testing.assert_close(flat(ours(given)), result, rtol=0, atol=3e-2)
        normed = rc.nn.LSTM(4, 17, layer_norm=True)(x, lengths=[5, 2, 0])[0]
    assert normed.dtype == torch.bfloat16
    with torch.autocast("cpu", torch.float16):
        rnn, other = pair("RNN", 4, 17, dtype=torch.float32)
        torch.testing.assert_close(rnn(x), other(x), rtol=0, atol=0)


@every_name
def test_dtypes_and_devices_without_a_kernel_are_torchs(name):
    ours, theirs = pair(name, 4, 3, dtype=torch.float16)
    x = torch.randn(5, 2, 4, dtype=torch.float16)
    if name != "LSTM":  # torch has no LSTM of float16 on every CPU
        with Ran() as ran:
            torch.testing.assert_close(ours(x), theirs(x), rtol=0, atol=0)
        assert ran.counts == {"torch": 1}
    with Ran() as ran:
        found = ours.to("meta")(x.to("meta"))
    assert ran.counts == {"torch": 1}
    assert [t.shape for t in flat(found)] == [(5, 2, 3)] + [(1, 2, 3)] * (2 if name == "LSTM" else 1)


@every_name
def test_packed_beside_lengths_is_refused(name):
    ours, _ = pair(name, 4, 3)
    packed = pack_sequence([torch.randn(3, 4, dtype=torch.float64)])
    with pytest.raises(ShapeError, match="lengths is given beside a PackedSequence"):
        ours(packed, lengths=[3])


@every_name
def test_functional_transforms(name):
    ours, theirs = pair(name, 4, 3)
    x = torch.randn(2, 5, 3, 4, dtype=torch.float64)
    parameters = {key: value.detach() * 2 for key, value in ours.named_parameters()}

    def loss(layer):
        return lambda parameters, x: torch.func.functional_call(layer, parameters, (x,))[0].square().sum()

    torch.testing.assert_close(loss(ours)(parameters, x[0]), loss(theirs)(parameters, x[0]))
    assert not torch.allclose(loss(ours)(parameters, x[0]), ours(x[0])[0].square().sum())
    torch.testing.assert_close(
        torch.func.grad(loss(ours))(parameters, x[0]), torch.func.grad(loss(theirs))(parameters, x[0])
    )
    with rc.backend("reference"):  # torch's own forward has no rule for vmap
        found = torch.func.vmap(torch.func.grad(loss(ours)), in_dims=(None, 0))(parameters, x)
    for row in range(2):
        torch.testing.assert_close(
            {key: value[row] for key, value in found.items()}, torch.func.grad(loss(theirs))(parameters, x[row])
        )


@every_backend
@every_name
def test_second_derivatives(name, backend):
    ours, _ = pair(name, 2, 3)
    x = torch.randn(3, 2, 2, dtype=torch.float64).requires_grad_()
    with rc.backend(backend):
        assert torch.autograd.gradcheck(lambda x: flat(ours(x))[0], (x,), fast_mode=True)
        assert torch.autograd.gradgradcheck(lambda x: flat(ours(x))[0], (x,), fast_mode=True)


def test_modules_with_hooks_and_data_parallel_copies():
    ours, theirs = pair("GRU", 4, 3)
    seen = []
    ours.register_forward_hook(lambda module, inputs, outputs: seen.append(outputs[0].shape))
    x = sequence(ours)
    replica = ours._replicate_for_data_parallel()
    for key, parameter in ours._parameters.items():
        setattr(replica, key, parameter * 1)
    torch.testing.assert_close(replica(x), theirs(x), rtol=0, atol=1e-12)
    assert seen == [(5, 3, 3)]
    assert isinstance(ours, nn.GRU)
