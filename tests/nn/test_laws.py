"""Laws that hold whatever the weights: time can be cut, rows are alone, padding is nothing, directions are mirrored."""

from __future__ import annotations

import copy
import os
import pickle
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext
from dataclasses import replace

import pytest
import torch
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from tests.drawing import examples
from tests.kernels.cases import BUILDS, threads, using
from tests.nn.drawn import layers, tensors
from torch.utils.data import DataLoader, Dataset

import recurra as rc

some = settings(max_examples=examples(40))
BACKEND = "cpu" if BUILDS else "reference"
NAMES = ["RNN", "GRU", "LSTM"]
every_name = pytest.mark.parametrize("name", NAMES)


@pytest.fixture(autouse=True, scope="module", params=BUILDS or [None])
def build(request):
    with rc.backend(BACKEND), using(request.param) if request.param else nullcontext():
        yield


def pick(hx, rows):
    """The initial states of some rows."""
    return hx if hx is None else tuple(s[:, rows] for s in hx) if isinstance(hx, tuple) else hx[:, rows]


def equal(a, b):
    torch.testing.assert_close(a, b, rtol=0, atol=1e-11)


@pytest.mark.slow
@some
@given(drawn=layers(forms=("padded",), noise=False), cut=st.integers(0, 7))
def test_two_calls_are_one(drawn, cut):
    assume(not dict(drawn.arguments)["bidirectional"] and cut <= drawn.steps)
    layer, rows = drawn.layer(), drawn.rows()
    outputs, *last = tensors(drawn.call(layer, rows, drawn.states(layer)))
    before = replace(drawn, form="lengths", steps=cut), replace(drawn, form="lengths", steps=drawn.steps - cut)
    hx, parts = drawn.states(layer), []
    for part, piece in zip(before, (rows[:cut], rows[cut:]), strict=True):
        x = piece.transpose(0, 1) if layer.batch_first else piece
        found, hx = layer(x, hx, lengths=[part.steps] * drawn.batch)
        parts.append(found)
    equal(torch.cat(parts, 1 if layer.batch_first else 0), outputs)
    equal(list(hx) if isinstance(hx, tuple) else [hx], last)


@pytest.mark.slow
@some
@given(drawn=layers(forms=("padded", "lengths"), noise=False), data=st.data())
def test_permuting_the_rows_permutes_the_results(drawn, data):
    order = torch.tensor(data.draw(st.permutations(range(drawn.batch))))
    layer, rows, hx = drawn.layer(), drawn.rows(), drawn.states(drawn.layer())
    lengths = drawn.lengths() if drawn.form == "lengths" else torch.full((drawn.batch,), drawn.steps)
    x = rows.transpose(0, 1) if layer.batch_first else rows
    batch = 0 if layer.batch_first else 1
    outputs, *last = tensors(layer(x, hx, lengths=lengths))
    moved, *end = tensors(layer(x.index_select(batch, order), pick(hx, order), lengths=lengths[order]))
    assert torch.equal(moved, outputs.index_select(batch, order))
    assert all(torch.equal(a, b[:, order]) for a, b in zip(end, last, strict=True))


@pytest.mark.slow
@some
@given(drawn=layers(forms=("lengths",), noise=False), more=st.integers(0, 3))
def test_padding_changes_nothing(drawn, more):
    layer, rows, hx, lengths = drawn.layer(), drawn.rows(), drawn.states(drawn.layer()), drawn.lengths()
    padded = torch.cat([rows, rows.new_full((more, *rows.shape[1:]), torch.nan)])
    for row, length in enumerate(lengths.tolist()):
        padded[length:, row] = torch.nan
    outputs, *last = tensors(drawn.call(layer, rows, hx))
    found, *end = tensors(drawn.call(layer, padded.requires_grad_(), hx))
    time = 1 if layer.batch_first else 0
    equal(found.narrow(time, 0, drawn.steps), outputs)
    assert (found.narrow(time, drawn.steps, more) == 0).all()
    equal(end, last)
    (gradient,) = torch.autograd.grad(found.sum() + sum(state.sum() for state in end), [padded])
    for row, length in enumerate(lengths.tolist()):
        assert (gradient[length:, row] == 0).all()
        assert gradient[:length, row].isfinite().all()
        if length:
            time_of_row = rows[:length, row]
            alone = replace(drawn, form="unbatched", batch=1)
            single, *state = tensors(alone.call(layer, time_of_row.unsqueeze(1), pick(hx, [row])))
            row_outputs = found[row, :length] if layer.batch_first else found[:length, row]
            equal(single, row_outputs)
            equal(state, [each[:, row] for each in end])


@pytest.mark.slow
@some
@given(drawn=layers(forms=("padded",), noise=False))
def test_reversed_time_swaps_the_directions(drawn):
    drawn = replace(drawn, arguments=(*drawn.arguments, ("bidirectional", True), ("num_layers", 1)))
    layer, rows, hx = drawn.layer(), drawn.rows(), drawn.states(drawn.layer())
    mirrored = copy.deepcopy(layer)
    other = {name: name.removesuffix("_reverse") for name in layer.state_dict() if name.endswith("_reverse")}
    other |= {after: before for before, after in other.items()}
    mirrored.load_state_dict({other[name]: weight for name, weight in layer.state_dict().items()})
    outputs, *last = tensors(drawn.call(layer, rows, hx))
    swapped = hx if hx is None else tuple(s.flip(0) for s in hx) if isinstance(hx, tuple) else hx.flip(0)
    found, *end = tensors(drawn.call(mirrored, rows.flip(0), swapped))
    forth, back = outputs.flip(1 if layer.batch_first else 0).chunk(2, -1)
    equal(found, torch.cat([back, forth], -1))
    equal(end, [state.flip(0) for state in last])


@pytest.mark.slow
@some
@given(layers(forms=("padded", "lengths", "packed", "unsorted"), noise=False), st.sampled_from(["nan", "inf", "-inf"]))
def test_what_is_not_finite_stays_in_its_row(drawn, bad):
    assume(drawn.batch > 1)
    layer, rows, hx = drawn.layer(), drawn.rows().requires_grad_(), drawn.states(drawn.layer())
    row = drawn.seed % drawn.batch
    others = [b for b in range(drawn.batch) if b != row]

    def ask(rows):
        results = tensors(drawn.call(layer, rows, hx))
        (gradient,) = torch.autograd.grad([r.nan_to_num().sum() for r in results], [rows])
        return gradient[:, others], [state[:, others] for state in results[1:]]

    clean = ask(rows)
    spoilt = rows.detach().clone()
    spoilt[:1, row] = float(bad)
    gradient, states = ask(spoilt.requires_grad_())
    assert torch.equal(gradient, clean[0])
    assert all(torch.equal(a, b) for a, b in zip(states, clean[1], strict=True))


@every_name
@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_bad_initial_state_stays_in_its_row(name, bad):
    layer = getattr(rc.nn, name)(3, 17, 2, bidirectional=True)
    x, h = torch.randn(5, 4, 3), torch.randn(4, 4, 17)
    clean = layer(x, (h, h) if name == "LSTM" else h)[0]
    h[:, 2] = bad
    found = layer(x, (h, h) if name == "LSTM" else h)[0]
    assert torch.equal(found[:, [0, 1, 3]], clean[:, [0, 1, 3]])


class Outputs(Dataset):
    """Items that a layer computes, in whatever process asks."""

    def __init__(self, layer):
        self.layer = layer

    def __len__(self):
        return 4

    def __getitem__(self, index):
        with torch.no_grad():
            return self.layer(torch.full((9, 40, 3), float(index)))[0]


@every_name
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_workers_of_a_data_loader(name):
    items = Outputs(getattr(rc.nn, name)(3, 64))
    with threads(2):
        expected = torch.stack([items[i] for i in range(4)])
        loader = DataLoader(items, batch_size=1, num_workers=2, multiprocessing_context="fork", timeout=30)
        assert torch.equal(torch.cat(list(loader)), expected)


@every_name
@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_child(name):
    layer = getattr(rc.nn, name)(3, 64)
    x = torch.randn(20, 40, 3)
    with threads(2), torch.no_grad():
        expected = layer(x)[0]
        child = os.fork()
        if not child:
            signal.alarm(20)
            # not torch.equal: torch's own threads do not survive a fork
            os._exit(0 if layer(x)[0].numpy().tobytes() == expected.numpy().tobytes() else 1)
        assert os.waitpid(child, 0)[1] == 0


def bytes_of(tensor):
    return tensor.numpy().tobytes()  # torch's own comparison of so many numbers waits for ever in a forked child


@pytest.mark.slow
def test_threads_that_share_layers():
    made = [getattr(rc.nn, name)(3, 64, 2) for name in NAMES]
    x = torch.randn(20, 40, 3)
    with torch.no_grad():
        expected = [layer(x)[0] for layer in made]

    def call(i):
        with torch.no_grad(), rc.backend(BACKEND):
            return torch.equal(made[i % 3](x)[0], expected[i % 3])

    with ThreadPoolExecutor(5) as pool:
        assert all(pool.map(call, range(60)))


@pytest.mark.slow
@some
@given(drawn=layers(noise=False))
def test_copies_compute_the_same(drawn):
    layer, rows = drawn.layer(), drawn.rows()
    hx = drawn.states(layer)
    expected = tensors(drawn.call(layer, rows, hx))
    for other in (copy.deepcopy(layer), pickle.loads(pickle.dumps(layer))):
        assert all(torch.equal(a, b) for a, b in zip(tensors(drawn.call(other, rows, hx)), expected, strict=True))


@every_name
@pytest.mark.parametrize("shape", [(0, 2, 3), (4, 0, 3), (0, 0, 3)])
def test_no_steps_and_no_rows_as_torch(name, shape):
    ours, theirs = getattr(rc.nn, name)(3, 5), getattr(torch.nn, name)(3, 5)
    x = torch.zeros(shape)
    if shape[0] == 0:
        for layer in (ours, theirs):
            with pytest.raises(RuntimeError, match=r"(?i)at least one|larger than 0"):
                layer(x)
    else:
        assert [t.shape for t in tensors(ours(x))] == [t.shape for t in tensors(theirs(x))]
