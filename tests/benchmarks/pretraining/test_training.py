"""Training: batches depend on the step alone, a run that was interrupted ends in the same bits, the loss is proper."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from benchmarks.pretraining.batches import Batches
from benchmarks.pretraining.corpus import Pack, Real, evaluation_windows, seasonal_naive
from benchmarks.pretraining.muon import Muon, orthogonal
from benchmarks.pretraining.sources import HELD_OUT, NEVER, TRAINING, VALIDATION, EvaluationSet
from benchmarks.pretraining.train import Plan, Trainer

from recurra.nn.pretrained.loss import origin_loss, truth_at
from recurra.nn.pretrained.shape import Shape
from recurra.nn.quantiles import QUANTILES

SMALL = Shape(patch=8, horizon=16, context=64, width=16, step_width=8, layers=1)
CPU = torch.device("cpu")


def pack() -> Pack:
    draw = np.random.default_rng(1)
    series = [draw.normal(size=size).cumsum() for size in (30, 60, 400)]
    values = np.concatenate(series).astype(np.float32)
    values[40:44] = np.nan
    return Pack(values, np.array([0, 30, 90, 490]), np.array([0, 0, 1]))


def batches(seed: int = 1) -> Batches:
    return Batches(SMALL, 8, Real(pack()), seed, CPU, chunk=16, pool=32, uses=1.0)


def test_a_batch_depends_on_its_step_alone() -> None:
    one, two = batches(), batches()
    for step in range(7):
        one.batch(step)
    a, b = one.batch(7), two.batch(7)
    assert torch.equal(a.shown.nan_to_num(-9), b.shown.nan_to_num(-9))
    assert torch.equal(a.truth.nan_to_num(-9), b.truth.nan_to_num(-9))
    assert torch.equal(a.at, b.at)
    assert not torch.equal(a.truth.nan_to_num(-9), batches(2).batch(7).truth.nan_to_num(-9))


@pytest.mark.parametrize("muon", [False, True])
def test_an_interrupted_run_ends_in_the_same_bits(tmp_path: Path, muon: bool) -> None:
    plan = Plan(steps=6, muon=muon)
    whole = Trainer(SMALL, plan, batches(), CPU)
    whole.run(None, say=lambda line: None)
    part = Trainer(SMALL, plan, batches(), CPU, tmp_path)
    for _ in range(3):
        part._step()
    part.save(tmp_path)
    again = Trainer(SMALL, plan, batches(), CPU, tmp_path)
    again.load(tmp_path)
    again.run(None, say=lambda line: None)
    assert again.step == whole.step == 6
    for one, two in zip(whole.network.parameters(), again.network.parameters(), strict=True):
        assert torch.equal(one, two)
    for one, two in zip(whole.average, again.average, strict=True):
        assert torch.equal(one, two)


def test_it_learns() -> None:
    trainer = Trainer(SMALL, Plan(steps=80, muon=True), batches(), CPU)
    batch = trainer.batches.batch(3)

    def loss() -> float:
        with torch.no_grad():
            quantiles, of = trainer.network(batch.shown, batch.zero, batch.lags, batch.scores, batch.at)
        truth = truth_at(batch.truth, of.last, of.unit, of.count, batch.at, SMALL.patch, SMALL.horizon)
        return float(origin_loss(quantiles, truth))

    before = loss()
    trainer.batches.batch = lambda step: batch  # type: ignore[method-assign]
    for _ in range(80):
        trainer._step()
    assert loss() < 0.8 * before


def test_a_run_needs_an_end() -> None:
    with pytest.raises(ValueError, match="steps=0 and minutes=0"):
        Trainer(SMALL, Plan(), batches(), CPU)


def test_the_best_forecast_of_noise_are_its_quantiles() -> None:
    truth = torch.randn(1, 1, 20000, generator=torch.Generator().manual_seed(1))
    levels = torch.tensor(QUANTILES)
    right = torch.special.ndtri(levels).expand(1, 1, 20000, -1)
    losses = {
        shift: float(origin_loss(right * shift[0] + shift[1], truth)) for shift in [(1, 0.0), (1, 0.1), (1, -0.1)]
    }
    assert min(losses, key=losses.__getitem__) == (1, 0.0)


def test_unknown_truth_does_not_count() -> None:
    quantiles = torch.zeros(1, 1, 4, len(QUANTILES)) + torch.tensor(QUANTILES)
    truth = torch.tensor([[[1.0, torch.nan, 3.0, torch.nan]]])
    with_gaps = origin_loss(quantiles, truth)
    assert torch.isfinite(with_gaps)
    far = torch.tensor([[[1.0, torch.nan, 4.0, torch.nan]]])
    assert origin_loss(quantiles, far) > with_gaps


def test_orthogonal_makes_singular_values_about_one() -> None:
    for size in ((5, 32, 8), (2, 8, 32), (3, 16, 16)):
        values = torch.linalg.svdvals(orthogonal(torch.randn(size, generator=torch.Generator().manual_seed(1))).float())
        assert values.min() > 0.4
        assert values.max() < 1.4


def test_muon_is_torch_s() -> None:
    torch.manual_seed(0)
    ours = [torch.nn.Parameter(torch.randn(size)) for size in ((24, 8), (24, 8), (8, 16))]
    theirs = [torch.nn.Parameter(parameter.detach().clone()) for parameter in ours]
    one = Muon(ours, 0.02, 0.05)
    two = torch.optim.Muon(theirs, lr=0.02, weight_decay=0.05, adjust_lr_fn="original")
    for _ in range(4):
        for a, b in zip(ours, theirs, strict=True):
            a.grad = torch.randn_like(a)
            b.grad = a.grad.clone()
        one.step()
        two.step()
    for a, b in zip(ours, theirs, strict=True):
        torch.testing.assert_close(a, b, atol=5e-3, rtol=1e-2)  # both compute in bfloat16


def test_real_windows_are_stretches_of_the_series() -> None:
    whole = pack()
    draw = batches().draw
    windows = Real(whole).make(draw, 200, 24)
    assert windows.shape == (200, 24)
    values = torch.from_numpy(whole.values)
    stretches = values.nan_to_num(1e9).unfold(0, 24, 1)
    plain = windows[torch.isfinite(windows).all(1)]
    hits = (stretches.unsqueeze(0) - plain.unsqueeze(1)).abs().amax(2).amin(1) < 1e-4
    assert hits.float().mean() > 0.5  # the others are means of several values


def test_seasonal_naive_fills_from_the_season_before() -> None:
    past = np.array([1.0, 2, 3, 4, np.nan, 6])
    np.testing.assert_array_equal(seasonal_naive(past, 3, 5), [4, 2, 6, 4, 2])


def test_windows_to_evaluate_on_lie_at_the_end() -> None:
    values = np.arange(100.0) ** 1.1
    of = evaluation_windows({"a": values}, EvaluationSet("any", 4, 6), 32, 3)
    assert of["context"].shape == (3, 32)
    ends = sorted(row[-1] for row in of["context"])
    np.testing.assert_allclose(ends, [values[81], values[87], values[93]])
    for context, truth in zip(of["context"], of["truth"], strict=True):
        at = int(np.searchsorted(values, context[-1]))
        np.testing.assert_allclose(truth, values[at + 1 : at + 7])


def test_no_set_is_both_learnt_and_evaluated_on() -> None:
    evaluated = {of.file for of in VALIDATION + HELD_OUT}
    assert not evaluated & set(TRAINING)
    assert not {of.file for of in VALIDATION} & {of.file for of in HELD_OUT}
    assert not set(NEVER) & (evaluated | set(TRAINING))
    assert len(HELD_OUT) >= 15
