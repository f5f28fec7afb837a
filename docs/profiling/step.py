"""A training step of the article's size, over and over: something for a profiler to look at.

python docs/profiling/step.py &
py-spy record --native --rate 250 --duration 10 --output flame.svg --pid $!
"""

from __future__ import annotations

import time

import torch
from torch import Tensor, nn

import recurra as rc
from recurra.training import Adam, Stepper

SECONDS = 30


class Network(nn.Module):
    """50 units and one output, as in the article's program."""

    def __init__(self) -> None:
        super().__init__()
        self.recurrence = rc.nn.RNN(4, 50, batch_first=True)
        self.head = nn.Linear(50, 1)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.recurrence(x)[1][-1])


def squared_error(network: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    return nn.functional.mse_loss(network(x), y)


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    stepper = Stepper(Network(), squared_error, Adam(), clip_norm=1.0)
    x, y = torch.randn(32, 30, 4), torch.randn(32, 1)  # [B, T, F], [B, 1]
    end = time.perf_counter() + SECONDS
    while time.perf_counter() < end:
        stepper.step(x, y)


if __name__ == "__main__":
    main()
