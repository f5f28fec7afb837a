"""Attributions: complete, right where the answer is known, the same by occlusion where nothing interacts."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

import recurra as rc
from recurra.errors import InputError
from recurra.inspect import attribute, draw_attribution, occlude


@pytest.mark.parametrize("kind", [rc.nn.LSTM, rc.nn.GRU, nn.RNN])
def test_complete_for_a_class(kind: Callable[..., nn.RNNBase]) -> None:
    torch.manual_seed(0)
    layer, head = kind(3, 8, batch_first=True), nn.Linear(8, 4)
    x = torch.randn(5, 12, 3)

    def forward(x: Tensor) -> Tensor:
        return head(layer(x)[0][:, -1]).softmax(-1)

    found = attribute(forward, x, target=2, baselines=torch.randn(1, 12, 3))
    assert found.values[0].shape == x.shape
    assert found.gap.abs().max() < 1e-4
    assert torch.allclose(found.output, forward(x)[:, 2].detach())
    assert (found.output - found.baseline).abs().min() > 1e-3


def test_a_tag_at_a_step_knows_nothing_of_later_ones() -> None:
    torch.manual_seed(0)
    layer = rc.nn.GRU(3, 4, batch_first=True)
    x = torch.randn(2, 9, 3)
    found = attribute(lambda x: layer(x)[0], x, target=(5, 1))
    assert found.gap.abs().max() < 1e-4
    assert not found.values[0][:, 6:].any()
    assert found.values[0][:, 5].all()


def test_one_target_per_row() -> None:
    layer, x = rc.nn.GRU(3, 4, batch_first=True), torch.randn(3, 5, 3)
    found = attribute(lambda x: layer(x)[0][:, -1], x, target=torch.tensor([0, 3, 1]))
    alone = attribute(lambda x: layer(x)[0][:, -1], x[1:2], target=3)
    assert torch.allclose(found.values[0][1:2], alone.values[0], atol=1e-6)


def test_of_a_linear_model_it_is_weight_times_input() -> None:
    weight = torch.randn(6, 2, dtype=torch.float64)
    x, base = torch.randn(3, 6, 2, dtype=torch.float64), torch.randn(1, 6, 2, dtype=torch.float64)

    def forward(x: Tensor) -> Tensor:
        return (x * weight).sum((1, 2))

    expected = weight * (x - base)
    assert torch.allclose(attribute(forward, x, baselines=base, points=4).values[0], expected)
    assert torch.allclose(occlude(forward, x, baselines=base, by="entry").values[0], expected)
    steps = occlude(forward, x, baselines=base).values[0]
    assert torch.allclose(steps.sum(2), expected.sum(2))


def test_occlusion_agrees_on_what_matters() -> None:
    torch.manual_seed(0)
    layer, x = rc.nn.GRU(2, 6, batch_first=True), torch.randn(1, 20, 2)
    forward = lambda x: layer(x)[0][:, -1].sum(-1)  # noqa: E731
    one, other = attribute(forward, x).values[0].sum(2)[0], occlude(forward, x).values[0].sum(2)[0]
    assert one.abs().argmax() == other.abs().argmax()
    assert torch.corrcoef(torch.stack([one, other]))[0, 1] > 0.8


def test_several_inputs() -> None:
    layer = rc.nn.GRU(2, 4, batch_first=True)
    x, gain = torch.randn(3, 5, 2), torch.randn(3, 4)
    found = attribute(lambda x, gain: (layer(x)[0][:, -1] * gain).sum(-1), (x, gain))
    assert [value.shape for value in found.values] == [x.shape, gain.shape]
    assert found.gap.abs().max() < 1e-4


def test_more_points_where_the_path_is_steep() -> None:
    x = torch.ones(2, 3, 1, dtype=torch.float64)
    found = attribute(lambda x: (200 * (x.mean((1, 2)) - 0.5)).tanh(), x, points=4)
    assert found.gap.abs().max() < 0.02


def test_an_input_that_nothing_depends_on() -> None:
    x = torch.randn(3, 5, 2)
    found = attribute(lambda x, y: x.sum((1, 2)), (x, x))
    assert torch.allclose(found.values[0], x, atol=1e-5)
    assert not found.values[1].any()


@pytest.mark.parametrize(
    ("inputs", "options", "message"),
    [
        (torch.zeros(2, 3, dtype=torch.int64), {}, "is of torch.int64: expected floating-point numbers. For tokens"),
        (torch.zeros(3), {}, r"shape \(3,\): expected a batch first"),
        (torch.zeros(2, 3, 1), dict(baselines=torch.zeros(2, 4, 1)), r"baselines\[0\] has shape"),
        (torch.zeros(2, 3, 1), dict(baselines=(torch.zeros(2, 3, 1),) * 2), "baselines has 2 tensors"),
        (torch.zeros(2, 3, 1), dict(points=0), "points is 0"),
    ],
)
def test_refusals(inputs: Tensor, options: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        attribute(lambda x: x.sum((1, 2)), inputs, **options)


def test_an_output_must_be_chosen() -> None:
    with pytest.raises(InputError, match="target is None and forward gives"):
        occlude(lambda x: x.sum(2), torch.zeros(2, 3, 1))


def test_the_picture() -> None:
    figure = draw_attribution({"rain": torch.randn(8), "$sun$": torch.randn(8)}, first=-5)
    figure.canvas.draw()
    assert len(figure.axes) == 2
    draw_attribution(torch.rand(8, 3)).canvas.draw()
    with pytest.raises(InputError, match=r"expected \[T, F\]"):
        draw_attribution(torch.rand(8))
    with pytest.raises(InputError, match="different lengths"):
        draw_attribution({"a": torch.rand(8), "b": torch.rand(7)})


def test_each_row_is_refined_by_its_own_difference() -> None:
    scale = torch.tensor([1e6, 1.0], dtype=torch.float64)

    def forward(x: Tensor) -> Tensor:
        steep = (200 * (x[:, :, 0].mean(1) - 0.5)).tanh()
        return torch.where(x[:, 0, 1] > 0, x[:, :, 0].mean(1) * x[:, 0, 1], steep)

    x = torch.ones(2, 3, 2, dtype=torch.float64)
    x[:, :, 1] = torch.where(scale > 1, scale, -scale).unsqueeze(1)
    base = x.clone()
    base[:, :, 0] = 0
    found = attribute(forward, x, baselines=base, points=4)
    alone = attribute(forward, x[1:], baselines=base[1:], points=4)
    assert torch.allclose(found.values[0][1:], alone.values[0])
    assert float(found.gap[1].abs()) < 0.02


@pytest.mark.parametrize("target", [np.int64(1), torch.tensor(1), 1])
def test_a_target_in_any_form(target: Any) -> None:
    x = torch.randn(2, 3, 2)
    one = attribute(lambda x: x.sum(1), x, target=target)
    assert torch.allclose(one.values[0], occlude(lambda x: x.sum(1), x, target=target, by="entry").values[0], atol=1e-5)


@pytest.mark.parametrize(
    ("forward", "target", "message"),
    [
        (lambda x: x.sum(1), 7, "target is 7 and forward gives"),
        (lambda x: x.sum((1, 2)), 0, "target is 0 and forward gives"),
        (lambda x: x.sum(), None, "expected a tensor with the batch first"),
        (lambda x: x.transpose(0, 1), (0, 1), "expected a tensor with the batch first"),
    ],
)
def test_targets_that_are_not_there(forward: Callable[..., Tensor], target: Any, message: str) -> None:
    for call in (attribute, occlude):
        with pytest.raises(InputError, match=message):
            call(forward, torch.randn(2, 3, 2), target=target)
