"""Attention by whichever way is fastest is the same attention, and so are its gradients."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import pytest
import torch
from torch import Tensor
from torch.nn import functional
from torch.utils._python_dispatch import TorchDispatchMode

from recurra.nn.transformer import attended


def _pairs(steps: int, kind: str) -> Tensor | None:
    if kind == "all":
        return None
    causal = torch.ones(steps, steps, dtype=torch.bool).tril()
    if kind == "causal":
        return causal
    if kind == "padded":
        return (torch.arange(steps) < torch.tensor([[steps], [steps - 3]]))[:, None, None]
    far = (torch.arange(steps)[:, None] - torch.arange(steps)).float()
    return (-0.1 * far).masked_fill(~causal, -math.inf)


def _with_gradients(
    way: Callable[..., Tensor], inputs: Sequence[Tensor], seen: Tensor | None, weight: Tensor
) -> list[Tensor]:
    leaves = [part.clone().requires_grad_() for part in inputs]
    y = way(*leaves, seen if seen is None or seen.dtype == torch.bool else seen.to(leaves[0].dtype))
    return [y, *torch.autograd.grad((y * weight).sum(), leaves)]


@pytest.mark.parametrize("kind", ["all", "causal", "padded", "falling"])
@pytest.mark.parametrize("steps", [9, 70])
def test_it_is_pytorchs_attention(steps: int, kind: str) -> None:
    torch.manual_seed(0)
    q, k, v, weight = (torch.randn(2, 3, steps, 5, dtype=torch.float64) for _ in range(4))
    seen = _pairs(steps, kind)
    ours = _with_gradients(attended, (q, k, v), seen, weight)
    theirs = _with_gradients(functional.scaled_dot_product_attention, (q, k, v), seen, weight)
    for one, other in zip(ours, theirs, strict=True):
        torch.testing.assert_close(one, other)


@pytest.mark.parametrize("steps", [9, 70])
def test_it_keeps_the_dtype_of_a_training_in_bfloat16(steps: int) -> None:
    torch.manual_seed(0)
    q, k, v = (torch.randn(2, 3, steps, 5, dtype=torch.bfloat16).requires_grad_() for _ in range(3))
    falling = _pairs(steps, "falling")
    assert falling is not None
    y = attended(q, k, v, falling)
    assert y.dtype == torch.bfloat16
    exact = functional.scaled_dot_product_attention(q.double(), k.double(), v.double(), falling.double())
    torch.testing.assert_close(y.double(), exact, rtol=0.02, atol=0.02)


def test_a_long_training_in_bfloat16_has_attention_in_float32() -> None:
    class Seen(TorchDispatchMode):
        def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
            if "attention" in str(func) and "backward" not in str(func):
                dtypes.append(args[0].dtype)
            return func(*args, **(kwargs or {}))

    dtypes: list[torch.dtype] = []
    x = torch.randn(1, 1, 70, 4, dtype=torch.bfloat16, requires_grad=True)
    with Seen(), torch.autocast("cpu", dtype=torch.bfloat16):
        y = attended(x, x, x, None, causal=True)
    assert set(dtypes) == {torch.float32}
    assert y.dtype == torch.bfloat16


def test_what_comes_later_has_no_gradient_at_what_was_before() -> None:
    x = torch.randn(1, 1, 6, 4, requires_grad=True)
    attended(x, x, x, None, causal=True)[0, 0, 2].sum().backward()
    assert x.grad is not None
    assert not x.grad[0, 0, 3:].any()
    assert x.grad[0, 0, :3].any()
