"""Small models and recurrences with a known memory."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class Last(nn.Module):
    """A recurrent layer, and a linear head on its last output."""

    def __init__(self, layer: nn.RNNBase, outputs: int = 1) -> None:
        super().__init__()
        self.layer = layer
        self.head = nn.Linear(layer.hidden_size, outputs)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.layer(x)[0][-1])


def rnn_of_radius(radius: float, *, hidden: int = 32, seed: int = 0) -> nn.RNN:
    """A tanh RNN whose U has a spectral radius of `radius`, fed so little that it is nearly linear."""
    generator = torch.Generator().manual_seed(seed)
    layer = nn.RNN(3, hidden)
    u = torch.randn(hidden, hidden, generator=generator)
    with torch.no_grad():
        layer.get_parameter("weight_hh_l0").copy_(u * radius / torch.linalg.eigvals(u).abs().max())
        layer.get_parameter("weight_ih_l0").copy_(0.02 * torch.randn(hidden, 3, generator=generator))
        layer.get_parameter("bias_ih_l0").zero_()
        layer.get_parameter("bias_hh_l0").zero_()
    return layer


def last_sum(batch: int = 32, steps: int = 20) -> tuple[Tensor, Tensor]:
    """Numbers [T, B, 1], and the sum of the last five of each row [B, 1]."""
    x = torch.rand(steps, batch, 1) - 0.5
    return x, x[-5:].sum(0)


def copy_task(delay: int, batch: int = 16, symbols: int = 8) -> tuple[Tensor, Tensor]:
    """A symbol in the first step, then noise [T, B, symbols + 1]; which symbol it was [B]."""
    wanted = torch.randint(0, symbols, (batch,))
    x = torch.zeros(delay, batch, symbols + 1)
    x[0, torch.arange(batch), wanted] = 1
    x[1:, :, symbols] = 0.1 * torch.randn(delay - 1, batch)
    return x, wanted
