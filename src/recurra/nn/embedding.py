"""Tables of learnt rows: tokens, and the categories of columns."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional


class Embedding(nn.Module):
    """Token ids [...] -> rows [..., E] of a table; id 0 is the unknown token.

    A batch reads few of the rows of a large table. While `by_row` is set, a forward pass with gradients puts the rows
    it reads into `read`, as (numbers [n], rows [n, E]): leaves whose gradients a `training.Stepper` takes, so that
    a step costs what was read, and not what there is.
    """

    def __init__(self, size: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(size, width))
        self.by_row = False
        self.read: list[tuple[Tensor, Tensor]] = []

    @property
    def width(self) -> int:
        """E."""
        return self.weight.shape[1]

    def forward(self, ids: Tensor) -> Tensor:
        """The rows of `ids`."""
        if not (self.by_row and torch.is_grad_enabled()):
            return functional.embedding(ids, self.weight)
        numbers, places = torch.unique(ids, return_inverse=True)
        rows = self.weight.detach()[numbers].requires_grad_()
        self.read.append((numbers.long(), rows))
        return functional.embedding(places, rows)


class Embeddings(nn.Module):
    """Category codes [..., C] -> features [..., width]: an embedding per column; code 0 stands for unknown."""

    def __init__(self, sizes: tuple[int, ...]) -> None:
        super().__init__()
        self.tables = nn.ModuleList(nn.Embedding(n + 1, min(4, 1 + n // 2)) for n in sizes)
        self.width = sum(min(4, 1 + n // 2) for n in sizes)

    def forward(self, codes: Tensor) -> Tensor:
        """Features of all columns side by side; of width 0 where there are none."""
        if not len(self.tables):
            return codes.new_zeros((*codes.shape[:-1], 0), dtype=torch.float32)
        return torch.cat([table(codes[..., j]) for j, table in enumerate(self.tables)], dim=-1)
