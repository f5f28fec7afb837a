"""A small problem to train on."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Lines:
    """Learn y = x w by a network with dropout, so that torch's generator matters; 100 examples, 20 held out."""

    lengths: Tensor | None = None

    def __init__(self, seed: int = 0, scale: float = 1.0, examples: int = 100) -> None:
        generator = torch.Generator().manual_seed(1)
        self.x = torch.randn(examples + 20, 3, generator=generator) * scale
        self.y = self.x @ torch.tensor([[1.0], [-2.0], [0.5]])
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(seed)
            self.network: nn.Module = nn.Sequential(nn.Linear(3, 8), nn.Tanh(), nn.Dropout(0.1), nn.Linear(8, 1))
        self.examples = examples
        self.seen: list[int] = []

    def batch(self, numbers: Tensor) -> Tensor:
        self.seen += numbers.tolist()
        return numbers

    def loss(self, network: nn.Module, batch: Tensor) -> Tensor:
        return (network(self.x[batch]) - self.y[batch]).square().mean()

    @torch.no_grad()
    def validate(self, network: nn.Module) -> float:
        return float((network(self.x[self.examples :]) - self.y[self.examples :]).square().mean())
