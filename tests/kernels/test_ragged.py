"""Rows that end at different steps share tiles and vectors, and nothing else: every cell, direction, size and build.

The products work on tiles of up to 16 rows, of which some are over and some have not begun; the initial state wants its
gradient, which is left behind in the memory of rows that are over.
"""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from unittest import mock

import pytest
import torch
from tests.kernels.cases import BUILDS, CELLS, PLAIN, Case, Question, engine, error, question, using
from tests.kernels.test_cpu import whole_numbers

from recurra.cells import LSTM, RNN, Weights
from recurra.kernels import reference
from recurra.kernels.contract import Call

pytestmark = pytest.mark.skipif(not BUILDS, reason="the C++ engine is not built here")
every_build = pytest.mark.parametrize("build", BUILDS)
every_cell = pytest.mark.parametrize("cell", CELLS, ids=str)
every_direction = pytest.mark.parametrize("direction", ["forward", "reverse"])
STEPS = 4
HIDDEN = (1, 3, 16, 17, 31, 33, 50, 63)  # around the depth of a tile, 32, and its columns, 16
ROWS = range(1, 34)  # around its height, 16
EDGES = {1, 2, 15, 16, 17, 31, 32, 33}
# Every number of rows with sizes of three, and those at the edges of tiles with every size.
SIZES = [(h, rows) for k, h in enumerate(HIDDEN) for rows in ROWS if rows in EDGES or (rows + k) % 3 == 0]
BY_ROW = ("outputs", "h_n", "c_n", "d_x", "d_h", "d_c")


def ragged(cell, direction, batch, hidden, *options, dtype=torch.bfloat16):
    """Rows of random lengths with an initial state, every gradient asked for; the features go around 32 as well."""
    options = frozenset({"bias", "state", "lengths", *options} | ({"reverse"} if direction == "reverse" else set()))
    return question(Case(cell, STEPS, batch, 1 + (7 * batch + hidden) % 40, hidden, options, batch + hidden), dtype)


def named(asked: Question, answers: list[torch.Tensor]) -> dict[str, torch.Tensor]:
    """Results and gradients by name."""
    states = ["h_n", "c_n"][: len(answers) - 1 - len(asked.needed)]
    return dict(zip(["outputs", *states, *(f"d_{name}" for name in asked.needed)], answers, strict=True))


def error_by_row(ours, theirs):
    """The largest error of a row in its own largest number: a row that is wrong cannot hide behind a larger one."""
    if not ours.numel():
        return 0.0
    size = theirs.abs().amax(1)
    worst = float(((ours.double() - theirs).abs().amax(1) / (size + 0.1 * size.max() + 1e-3)).max())
    return worst if worst == worst else torch.inf


def of_every_build(asked):
    """Where, and results and gradients of bfloat16 by name."""
    for build in BUILDS:
        with using(build):
            yield build, named(asked, asked.ask(engine.run, torch.bfloat16))


@pytest.mark.slow
@every_direction
@pytest.mark.parametrize("cell", [cell for cell in CELLS if cell != RNN("relu")], ids=str)
def test_bfloat16_beside_the_reference_in_float64(cell, direction):
    for hidden, batch in SIZES:
        asked = ragged(cell, direction, batch, hidden)
        theirs = named(asked, asked.ask(reference.run, torch.float64))
        for build, ours in of_every_build(asked):
            where = f"{build}, {hidden} units, {batch} rows"
            for name in ours:
                wrong = error([ours[name]], [theirs[name]])
                assert wrong <= PLAIN[torch.bfloat16], f"{name} is wrong by {wrong}: {where}"
                if name in BY_ROW:  # at saturated units 1 - h^2 has few of the 8 bits left
                    wrong = error_by_row(ours[name], theirs[name])
                    assert wrong <= 0.1, f"a row of {name} is wrong by {wrong}: {where}"


@pytest.mark.slow
@every_direction
def test_bfloat16_is_exact_where_no_sum_is_rounded(direction):
    for hidden, batch in SIZES:  # relu's gradient depends on the rounding of zero otherwise
        asked = ragged(RNN("relu"), direction, batch, hidden)
        make_whole(asked, hidden)
        with mock.patch.object(torch, "randn", whole_numbers):
            theirs = named(asked, asked.ask(reference.run, torch.float64))
            for build, ours in of_every_build(asked):
                for name in ours:
                    assert torch.equal(ours[name].double(), theirs[name]), (
                        f"{name}: {build}, {hidden} units, {batch} rows"
                    )


def make_whole(asked, hidden):
    """Small whole numbers, so few in a row of weights that sums stay below 256."""
    draw = torch.Generator().manual_seed(hidden)
    for name, tensor in asked.tensors.items():
        few = min(1.0, 1.5 / tensor.shape[1]) if name in ("recurrent", "input_weight") else 0.7
        signs = torch.randint(0, 2, tensor.shape, generator=draw) * 2 - 1
        tensor.copy_(signs * (torch.rand(tensor.shape, generator=draw) < few))


def gradients(asked, tensors, layout, seeds):
    """Results, and the gradients of x and the initial state, for these tensors instead of the question's."""
    dtype = seeds[0].dtype
    given = {name: tensor.to(dtype, copy=True) for name, tensor in (asked.tensors | tensors).items()}
    by = [given[name].requires_grad_() for name in tensors]
    weights = Weights(*(given.get(name) for name in Weights._fields[:-1]))  # type: ignore[arg-type]
    outputs, last = engine.run(Call(
        asked.recurrence, given["x"], given["input_weight"], given["input_bias"], tuple(by[1:]), weights, layout,
        asked.masks,
    ))  # fmt: skip
    results = [outputs, *last]
    return [result.detach() for result in results], torch.autograd.grad(results, by, seeds)


@every_build
@every_direction
@every_cell
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16], ids=str)
@pytest.mark.parametrize(("hidden", "batch"), [(17, 5), (33, 19), (50, 33), (64, 16)])
def test_a_row_among_rows_of_nan_has_the_bits_of_a_row_alone(hidden, batch, dtype, cell, direction, build):
    asked = ragged(cell, direction, batch, hidden, *(["projection"] if cell == LSTM() and hidden == 33 else []))
    lengths = asked.layout.lengths
    assert lengths is not None
    x, states = (
        asked.tensors["x"].view(STEPS, batch, -1),
        [asked.tensors[name] for name in ("h", "c")[: len(cell.states)]],
    )
    names, draw = ("x", "h", "c")[: 1 + len(cell.states)], torch.Generator().manual_seed(0)
    seeds = [torch.randn(STEPS, batch, states[0].shape[1], generator=draw), *map(torch.randn_like, states)]
    for row in {0, batch // 2, batch - 1, int(lengths.argmin()), int(lengths.argmax())}:
        length = int(lengths[row])

        def own(sequence, *state, row=row, length=length):
            """What is this row's of x or outputs, and of states."""
            return [sequence.view(STEPS, batch, -1)[:length, row], *(each[row : row + 1] for each in state)]

        def among(sequence, *state, row=row, length=length):
            """NaN in the other rows, and behind this one's end."""
            alone = own(sequence, *state)
            sequence, *state = (torch.full_like(each, torch.nan) for each in (sequence, *state))
            for to, value in zip(own(sequence, *state), alone, strict=True):
                to.copy_(value)
            return [sequence.view(STEPS * batch, -1), *state]

        def as_dtype(tensors):
            return [tensor.to(dtype) for tensor in tensors]

        with using(build):
            alone = gradients(
                asked, dict(zip(names, own(x, *states), strict=True)),
                replace(asked.layout, steps=length, batch=1, lengths=None), as_dtype(own(*seeds)),
            )  # fmt: skip
            found = gradients(
                asked, dict(zip(names, among(x, *states), strict=True)), asked.layout, as_dtype(among(*seeds))
            )
        for ours, expected in zip(found, alone, strict=True):
            assert all(torch.equal(a, b) for a, b in zip(own(*ours), expected, strict=True)), (row, length)


@every_build
@every_cell
@pytest.mark.parametrize("where", ["inside", "outside"])  # of the loop: the product with W
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16], ids=str)
def test_nan_in_a_row_changes_no_bit_of_another(dtype, where, cell, build, monkeypatch):
    if where == "outside":
        monkeypatch.setattr("recurra.kernels.cpu.passes._IN_CACHE", -1)
    for features, hidden, batch in product((5, 33, 50), (17,), (3, 20)):
        asked = question(Case(cell, STEPS, batch, features, hidden, frozenset({"bias", "state"}), hidden), dtype)
        poisoned = replace(asked, tensors=asked.tensors | {"x": asked.tensors["x"].clone()})
        poisoned.tensors["x"].view(STEPS, batch, features)[:, 1] = torch.nan
        with using(build):
            found, expected = (named(each, each.ask(engine.run, dtype)) for each in (poisoned, asked))
        others = torch.arange(batch) != 1
        for name in expected.keys() & set(BY_ROW):
            ours, right = (
                tensors[name].view(-1, batch, tensors[name].shape[1])[:, others] for tensors in (found, expected)
            )
            assert torch.equal(ours, right), f"{name}: {features} features, {hidden} units, {batch} rows"
