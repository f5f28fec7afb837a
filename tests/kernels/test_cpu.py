"""The C++ engine against the reference: every cell, option, size, dtype and build; results and all gradients."""

from __future__ import annotations

from unittest import mock

import pytest
import torch
from hypothesis import given, settings
from tests.drawing import examples
from tests.kernels.cases import (
    BUILDS,
    CELLS,
    COMMON,
    OF_LSTM,
    PLAIN,
    SIZES,
    Case,
    builds,
    cases,
    disagreement,
    engine,
    error,
    poisoned,
    question,
    tolerance,
    using,
)

from recurra.cells import GRU, LSTM, RNN
from recurra.errors import InputError
from recurra.kernels import reference

every_build = pytest.mark.parametrize("build", BUILDS)
every_dtype = pytest.mark.parametrize("dtype", list(PLAIN))
PAIRS = [
    {"packed", "reverse"}, {"lengths", "reverse", "batch_first"}, {"norm", "dropout"}, {"projection", "zoneout"},
    {"projection", "dropout", "reverse"}, {"peephole", "norm_cell"}, {"norm_cell", "rate"}, {"dropout", "outside"},
    {"zoneout", "outside", "packed"}, set(COMMON) - {"lengths"}, set(COMMON) - {"packed", "projected"},
]  # fmt: skip


def possible(cell, options):
    """The options that this cell has."""
    absent = set() if isinstance(cell, LSTM) else set(OF_LSTM)
    return frozenset(options - absent - ({"norm"} if cell == GRU(reset_after=False) else set()))


def every_option(cell):
    """Each option alone, the pairs that share code, and all at once."""
    sets = [set(), *({name} for name in COMMON + OF_LSTM), *PAIRS]
    return sorted({possible(cell, options) for options in sets} | {possible(cell, set(COMMON + OF_LSTM))}, key=sorted)


@every_build
@every_dtype
@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_every_option(cell, dtype, build):
    with using(build):
        for number, options in enumerate(every_option(cell)):
            case = Case(cell, 5, 9, 4, SIZES[1 + number % 3], options, number)
            assert disagreement(case, dtype) <= tolerance(case, dtype), case


@every_build
@every_dtype
@settings(max_examples=examples(25))
@given(cases())
def test_random_recurrences(build, dtype, case):
    with using(build):
        assert disagreement(case, dtype) <= tolerance(case, dtype)


@every_build
@pytest.mark.parametrize("seed", range(8))
def test_a_layer_norm_of_a_single_unit(seed, build):
    case = Case(GRU(), 8, 15, 4, 1, frozenset({"norm", "reverse", "bias", "state"}), seed)
    with using(build):
        for dtype in PLAIN:
            assert disagreement(case, dtype) <= tolerance(case, dtype), case


@every_build
@pytest.mark.parametrize("cell", CELLS, ids=str)
@pytest.mark.parametrize("hidden", SIZES)
def test_every_size_of_batch(hidden, cell, build):
    # tiles of rows, chunks of rows and their rests
    with using(build):
        for batch in (1, 2, 4, 7, 8, 9, 16, 33):
            case = Case(cell, 2, batch, 3, hidden, frozenset({"bias", "state"}), batch)
            assert disagreement(case, torch.float32) <= tolerance(case, torch.float32), case


@every_build
@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_many_rows_and_wide_weights(cell, build):
    with using(build):
        for steps, batch, features, hidden in ((3, 300, 2, 5), (2, 3, 70, 130)):
            case = Case(cell, steps, batch, features, hidden, frozenset({"bias", "state", "lengths"}))
            assert disagreement(case, torch.float32) <= tolerance(case, torch.float32), case


@every_build
@pytest.mark.parametrize("cell", CELLS, ids=str)
def test_saturated_gates(cell, build):
    # arguments of exp and tanh far outside of what they can tell apart
    asked = question(Case(cell, 4, 3, 2, 17, frozenset({"bias", "state"})))
    asked.tensors["x"].mul_(torch.logspace(0, 4, 12, dtype=torch.float64).unsqueeze(1))
    asked.tensors["input_weight"].mul_(10)
    for dtype, most in ((torch.float64, 1e-12), (torch.float32, 1e-4)):
        asked.tensors.update({name: tensor.to(dtype).double() for name, tensor in asked.tensors.items()})
        with using(build):
            ours, theirs = asked.ask(engine.run, dtype), asked.ask(reference.run, torch.float64)
        assert error(ours, theirs) <= most


@every_build
@every_dtype
@pytest.mark.parametrize(
    "options",
    [{"bias", "state"}, {"state", "reverse", "packed"}, {"bias", "outside"}],
    ids=lambda names: "-".join(sorted(names)),
)
def test_whole_numbers_are_exact(options, dtype, build):
    # small enough that no sum is rounded, in whatever order it is taken: a gradient of relu cannot hide behind rounding
    asked = question(Case(RNN("relu"), 3, 9, 4, 17, frozenset(options)))
    draw = torch.Generator().manual_seed(0)
    for tensor in asked.tensors.values():
        tensor.copy_(torch.randint(-5, 6, tensor.shape, generator=draw).div(5, rounding_mode="trunc"))
    with using(build), mock.patch.object(torch, "randn", whole_numbers), poisoned():
        ours = asked.ask(engine.run, dtype)
        theirs = asked.ask(reference.run, torch.float64)
    assert any(tensor.abs().max() > 3 for tensor in theirs)
    assert all(torch.equal(a.double(), b) for a, b in zip(ours, theirs, strict=True))


def whole_numbers(shape, generator, dtype):
    return torch.randint(-1, 2, shape, generator=generator).to(dtype)


def test_poison_would_be_seen():
    with poisoned():
        assert torch.zeros(2).new_empty(3).isnan().all()
        assert torch.empty_like(torch.zeros(2)).isnan().all()
    assert error([torch.tensor([torch.nan])], [torch.zeros(1)]) == torch.inf


@pytest.mark.skipif(not BUILDS, reason="the C++ engine is not built here")
def test_a_build_that_is_not_here_is_refused():
    before = builds._engine.chosen_build()
    with pytest.raises(InputError, match=r"expected one of .*generic"):
        builds.choose_build("mmx")
    assert builds._engine.chosen_build() == before
    assert builds._engine.supported_builds()[-1] == "generic"
    for build in BUILDS:
        with using(build):
            assert build in builds.describe()
