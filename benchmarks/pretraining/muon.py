"""Muon: momentum whose matrices are made orthogonal before each step (Jordan et al., 2024).

The same as torch.optim.Muon with adjust_lr_fn="original", but all matrices of one shape go through the iteration
together: a small network would otherwise wait for hundreds of small products at every step.
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import Tensor

A, B, C = 3.4445, -4.7750, 2.0315  # of a quintic that drives all singular values towards 1


class Muon(torch.optim.Optimizer):
    """W <- (1 - lr decay) W - lr sqrt(max(1, rows / columns)) orthogonal(gradient + momentum (average))"""

    def __init__(self, params: Iterable[Tensor], lr: float, weight_decay: float = 0.1, momentum: float = 0.95) -> None:
        super().__init__(params, dict(lr=lr, weight_decay=weight_decay, momentum=momentum))

    @torch.no_grad()
    def step(self, closure=None) -> None:  # type: ignore[override]
        for group in self.param_groups:
            shapes: dict[torch.Size, list[Tensor]] = {}
            for parameter in group["params"]:
                if parameter.grad is not None:
                    shapes.setdefault(parameter.shape, []).append(parameter)
            for shape, parameters in shapes.items():
                averages = []
                for parameter in parameters:
                    state = self.state[parameter]
                    if not state:
                        state["average"] = torch.zeros_like(parameter)
                    averages.append(state["average"])
                gradients = [parameter.grad for parameter in parameters if parameter.grad is not None]
                torch._foreach_lerp_(averages, gradients, 1 - group["momentum"])  # pyright: ignore[reportPrivateImportUsage]
                ahead = torch._foreach_lerp(gradients, averages, group["momentum"])  # pyright: ignore[reportPrivateImportUsage]
                updates = orthogonal(torch.stack(ahead)).to(parameters[0].dtype)
                rate = group["lr"] * max(1.0, shape[0] / shape[1]) ** 0.5
                kept = 1 - group["lr"] * group["weight_decay"]
                torch._foreach_mul_(parameters, kept)  # pyright: ignore[reportPrivateImportUsage]
                steps = list(updates.unbind())
                torch._foreach_add_(parameters, steps, alpha=-rate)  # pyright: ignore[reportPrivateImportUsage]


def orthogonal(x: Tensor, iterations: int = 5) -> Tensor:
    """The nearest (half-)orthogonal matrices of x [N, R, C], roughly, in bfloat16 (Newton-Schulz)."""
    x = x.bfloat16()
    tall = x.shape[1] > x.shape[2]
    if tall:
        x = x.mT
    x = x / x.norm(dim=(1, 2), keepdim=True).clamp(min=1e-7)
    for _ in range(iterations):
        gram = x @ x.mT
        x = A * x + (B * gram + C * gram @ gram) @ x
    return x.mT if tall else x
