"""The cross-entropy of rows beside torch's: values, gradients in the place of logits, any number of threads, builds."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from tests.kernels.cases import BUILDS, using

from recurra.kernels.best import log_sums, plain_log_sums
from recurra.kernels.cross_entropy import cross_entropy, plain_cross_entropy

pytestmark = pytest.mark.skipif(not BUILDS, reason="the engine is not built")
TOLERANCES = {torch.float32: 1e-5, torch.bfloat16: 1e-2}


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("dtype", TOLERANCES)
@pytest.mark.parametrize(("rows", "classes"), [(1, 1), (3, 17), (63, 3), (130, 63), (65, 640)])
def test_it_is_torch_s(build, dtype, rows, classes):
    torch.manual_seed(rows)
    logits, targets = (4 * torch.randn(rows, classes)).to(dtype), torch.randint(classes, (rows,))
    bias, found, wanted = torch.randn(classes), logits.clone(), logits.clone()
    d_bias, of_bias = torch.ones(classes), torch.ones(classes)
    with using(build):
        total = cross_entropy(found, bias, targets, 0.1, 0.5, d_bias)
    expected = plain_cross_entropy(wanted, bias, targets, 0.1, 0.5, of_bias)
    torch.testing.assert_close(torch.as_tensor(total, dtype=torch.float32), expected, rtol=1e-5, atol=1e-4)
    torch.testing.assert_close(found, wanted, rtol=TOLERANCES[dtype], atol=1e-6)
    torch.testing.assert_close(d_bias, of_bias, rtol=1e-5, atol=1e-4)
    kept = logits.clone()
    with using(build):
        assert cross_entropy(kept, bias, targets, 0.1, 0.5, None) == pytest.approx(float(expected), rel=1e-5, abs=1e-4)
    assert torch.equal(kept, logits)


def test_a_result_does_not_depend_on_the_threads():
    torch.manual_seed(0)
    logits, targets = torch.randn(300, 50), torch.randint(50, (300,))
    found, before = [], torch.get_num_threads()
    try:
        for threads in (1, 3):
            torch.set_num_threads(threads)
            given, d_bias = logits.clone(), torch.zeros(50)
            found.append((cross_entropy(given, torch.ones(50), targets, 0.1, 1.0, d_bias), given, d_bias))
    finally:
        torch.set_num_threads(before)
    assert found[0][0] == found[1][0]
    assert torch.equal(found[0][1], found[1][1])
    assert torch.equal(found[0][2], found[1][2])


def test_what_is_no_number_stays_none():
    logits = torch.randn(2, 40)
    logits[1, 33] = torch.nan
    d_bias = torch.zeros(40)
    assert np.isnan(float(cross_entropy(logits, torch.zeros(40), torch.tensor([0, 1]), 0.0, 1.0, d_bias)))
    assert bool(logits[0].isfinite().all())
    assert bool(logits[1].isnan().all())


@pytest.mark.parametrize("build", BUILDS)
@pytest.mark.parametrize("count", [1, 3, 17, 63, 6001])
def test_logarithms_of_sums(build, count):
    x = 5 * np.random.default_rng(count).normal(size=(3, count)).astype(np.float32)
    with using(build):
        np.testing.assert_allclose(log_sums(x), plain_log_sums(x), rtol=1e-6, atol=1e-6)
