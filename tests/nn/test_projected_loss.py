"""The fused projection and cross-entropy beside the plain one: values, gradients, what does not count."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from recurra.errors import InputError, ShapeError
from recurra.nn import projected_loss as module
from recurra.nn.projected_loss import ProjectedLoss, projected_loss


def plain(hidden, weight, bias, targets, smoothing):
    logits = functional.linear(hidden, weight, bias)
    return functional.cross_entropy(
        logits.reshape(-1, len(weight)), targets.reshape(-1), ignore_index=-1, label_smoothing=smoothing
    )


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
@pytest.mark.parametrize("biased", [True, False])
@pytest.mark.parametrize(("steps", "rows", "classes"), [(1, 1, 3), (3, 17, 63), (17, 3, 1)])
def test_it_is_the_plain_one_in_several_chunks(monkeypatch, steps, rows, classes, biased, smoothing):
    monkeypatch.setattr(module, "CHUNK", 64)
    monkeypatch.setattr(module, "_FEWEST", 2)
    torch.manual_seed(0)
    make = torch.float64
    hidden = torch.randn(steps, rows, 5, dtype=make, requires_grad=True)
    weight = torch.randn(classes, 5, dtype=make, requires_grad=True)
    bias = torch.randn(classes, dtype=make, requires_grad=True) if biased else None
    targets = torch.randint(-1, classes, (steps, rows))
    targets[0, 0] = 0
    given = [each for each in (hidden, weight, bias) if each is not None]
    ours = projected_loss(hidden, weight, bias, targets, smoothing=smoothing)
    theirs = plain(hidden, weight, bias, targets, smoothing)
    torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)
    for one, other in zip(torch.autograd.grad(3 * ours, given), torch.autograd.grad(3 * theirs, given), strict=True):
        torch.testing.assert_close(one, other, rtol=1e-10, atol=1e-12)
    with torch.no_grad():
        torch.testing.assert_close(projected_loss(hidden, weight, bias, targets, smoothing=smoothing), ours)


def test_a_batch_without_a_target_teaches_nothing():
    hidden = torch.randn(2, 3, requires_grad=True)
    loss = projected_loss(hidden, torch.randn(4, 3), None, torch.full((2,), -1))
    loss.backward()
    assert loss.item() == 0
    assert bool((hidden.grad == 0).all())


def test_large_logits_stay_finite():
    hidden = torch.full((2, 1), 1e4, requires_grad=True)
    loss = projected_loss(hidden, torch.tensor([[1.0], [-1.0]]), None, torch.tensor([0, 0]))
    loss.backward()
    assert loss.item() == 0
    assert hidden.grad is not None
    assert bool(torch.isfinite(hidden.grad).all())


def test_autocast_multiplies_in_bfloat16_and_sums_in_float32():
    torch.manual_seed(0)
    hidden, weight = torch.randn(40, 16, requires_grad=True), torch.randn(50, 16, requires_grad=True)
    targets = torch.arange(40)
    exact = projected_loss(hidden, weight, None, targets)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = projected_loss(hidden, weight, None, targets)
    assert rounded.dtype == torch.float32
    assert exact.item() != rounded.item()
    torch.testing.assert_close(exact, rounded, rtol=2e-2, atol=2e-2)
    ours, theirs = torch.autograd.grad(rounded, [hidden, weight]), torch.autograd.grad(exact, [hidden, weight])
    for one, other in zip(ours, theirs, strict=True):
        assert one.dtype == torch.float32
        torch.testing.assert_close(one, other, rtol=5e-2, atol=1e-2)


def test_evaluation_is_without_smoothing():
    torch.manual_seed(0)
    loss, hidden, weight = ProjectedLoss(6, smoothing=0.3), torch.randn(4, 2), torch.randn(6, 2)
    targets = torch.arange(4)
    smoothed = loss(hidden, weight, targets)
    told = loss.eval()(hidden, weight, targets)
    torch.testing.assert_close(told, functional.cross_entropy(loss.logits(hidden, weight), targets))
    assert smoothed.item() != told.item()


@pytest.mark.parametrize(
    ("changed", "error", "words"),
    [
        ({"weight": torch.randn(4, 2)}, ShapeError, r"weight \(4, 2\): expected \[..., E\] and \[V, E\]"),
        ({"bias": torch.randn(3)}, ShapeError, r"bias is \(3,\): expected \[4\]"),
        ({"targets": torch.zeros(3, dtype=torch.int64)}, ShapeError, r"targets is \(3,\): expected \(2,\)"),
        ({"targets": torch.tensor([3, 4])}, InputError, "targets holds 4: expected class numbers below 4"),
        ({"smoothing": 1.0}, InputError, "smoothing is 1.0: expected a share"),
    ],
)
def test_what_does_not_fit_is_refused(changed, error, words):
    given = {"weight": torch.randn(4, 3), "bias": None, "targets": torch.zeros(2, dtype=torch.int64)} | changed
    smoothing = given.pop("smoothing", 0.0)
    with pytest.raises(error, match=words):
        projected_loss(torch.randn(2, 3), smoothing=smoothing, **given)


@pytest.mark.parametrize("rows", [1, 63, 64, 200])
def test_rows_filled_up_for_bfloat16_add_nothing(rows: int) -> None:
    torch.manual_seed(rows)
    hidden, weight = torch.randn(rows, 8), torch.randn(40, 8)
    targets = torch.randint(0, 40, (rows,))
    exact, rounded = [], []
    for found, dtype in ((exact, None), (rounded, torch.bfloat16)):
        parts = [x.clone().requires_grad_() for x in (hidden, weight)]
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=dtype is not None):
            loss = projected_loss(parts[0], parts[1], None, targets, smoothing=0.1)
        loss.backward()
        found += [loss.detach(), *(part.grad for part in parts)]
    for a, b in zip(exact, rounded, strict=True):
        torch.testing.assert_close(b, a, rtol=0.02, atol=0.02 * float(a.abs().max()))
