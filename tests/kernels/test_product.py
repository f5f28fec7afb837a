"""Products of bfloat16 in tiles beside float64: any layout and size, sums in float32, rows that stay apart, threads."""

from __future__ import annotations

import pytest
import torch
from tests.kernels.cases import BUILDS, using
from torch import Tensor

from recurra.kernels.product import multiply

TILES = "avx512_amx"
needs_tiles = pytest.mark.skipif(TILES not in BUILDS, reason="no tiles here")
SIZES = [(1, 1, 1), (3, 17, 63), (63, 33, 3), (64, 64, 64), (130, 1500, 70), (33, 2100, 600), (300, 65, 2100)]


@pytest.fixture(autouse=True)
def _small_ones_too(monkeypatch: pytest.MonkeyPatch) -> None:
    if BUILDS:
        from recurra.kernels.cpu import tiles

        monkeypatch.setattr(tiles, "_LEAST", 0)


def drawn(rows: int, columns: int, turned: bool) -> Tensor:
    """A matrix of bfloat16, in the order of its columns where `turned`."""
    return torch.randn(columns, rows).bfloat16().T if turned else torch.randn(rows, columns).bfloat16()


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("turned", [(False, False), (False, True), (True, False), (True, True)])
@pytest.mark.parametrize(("rows", "depth", "columns"), SIZES)
def test_it_is_the_product(build, rows, depth, columns, turned):
    torch.manual_seed(rows)
    a, b = drawn(rows, depth, turned[0]), drawn(depth, columns, turned[1])
    exact = a.double() @ b.double()
    largest = float(exact.abs().max()) + 1
    with using(build):
        rounded = multiply(a, b, torch.empty(rows, columns, dtype=torch.bfloat16))
        sums = multiply(a, b, torch.empty(rows, columns))
        added = multiply(a, b, torch.ones(rows, columns), adds=True)
    assert float((rounded.double() - exact).abs().max()) < 0.01 * largest
    allowed = 1e-5 if build == TILES else 0.01
    assert float((sums.double() - exact).abs().max()) < allowed * largest
    assert float((added.double() - 1 - exact).abs().max()) < allowed * largest


@needs_tiles
def test_it_writes_into_a_part_of_a_matrix():
    a, b = torch.randn(40, 70).bfloat16(), torch.randn(70, 50).bfloat16()
    whole = torch.full((42, 60), 7.0)
    with using(TILES):
        multiply(a, b, whole[1:41, 3:53])
    torch.testing.assert_close(whole[1:41, 3:53].double(), a.double() @ b.double(), rtol=1e-4, atol=1e-4)
    whole[1:41, 3:53] = 7
    assert bool((whole == 7).all())


@needs_tiles
@pytest.mark.parametrize("turned", [False, True])
def test_what_is_no_number_stays_in_its_row(turned):
    a, b = drawn(70, 45, turned), torch.randn(45, 33).bfloat16()
    a[33] = torch.nan
    with using(TILES):
        found = multiply(a, b, torch.empty(70, 33))
    assert bool(found[33].isnan().all())
    assert int(found.isnan().any(1).sum()) == 1


@needs_tiles
@pytest.mark.parametrize(("rows", "columns"), [(130, 40), (40, 130)])
def test_a_result_does_not_depend_on_the_threads(rows, columns):
    a, b = torch.randn(rows, 1100).bfloat16(), torch.randn(1100, columns).bfloat16()
    found, before = [], torch.get_num_threads()
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            with using(TILES):
                found.append(multiply(a, b, torch.empty(rows, columns)))
    finally:
        torch.set_num_threads(before)
    assert torch.equal(*found)
    with using(TILES):  # nor on the rows beside one
        assert torch.equal(found[0][37:39], multiply(a[37:39], b, torch.empty(2, columns)))


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_other_numbers_are_torch_s(dtype):
    a, b, out = torch.randn(5, 7, dtype=dtype), torch.randn(7, 3, dtype=dtype), torch.ones(5, 3, dtype=dtype)
    torch.testing.assert_close(multiply(a, b, out.clone(), adds=True), 1 + a @ b)
    torch.testing.assert_close(multiply(a, b, out), a @ b)
