"""In which order the examples of an epoch are learnt from: shuffled, and where they differ in length, like with like.

A batch is as long as its longest example. Batches of examples of about equal length (Khomenko et al. 2016,
"Accelerating recurrent neural network training using sequence bucketing") waste little on the others.
"""

from __future__ import annotations

import torch
from torch import Tensor

_POOL = 64  # batches whose examples are sorted together: enough for equal lengths, few enough to stay shuffled


def shuffled(examples: int, generator: torch.Generator) -> Tensor:
    """All numbers below `examples`, shuffled."""
    kind = torch.int32 if examples < 2**31 else torch.int64
    return torch.randperm(examples, generator=generator, dtype=kind)


def bucketed(lengths: Tensor, size: int, first: int, generator: torch.Generator) -> Tensor:
    """All numbers of `lengths` [N], shuffled so that batches of `size` hold examples of about equal length.

    The first `first` numbers complete a batch that an earlier epoch began; batches are counted from there.

    >>> order = bucketed(torch.tensor([5, 1, 5, 1]), 2, 0, torch.Generator().manual_seed(0))
    >>> sorted(order[:2].tolist()) in ([0, 2], [1, 3])
    True
    """
    order = shuffled(len(lengths), generator)
    begun, order = order[:first], order[first:]
    # A stable sort by length within each pool keeps the shuffled order among equals.
    pools = [pool[lengths[pool.long()].argsort(stable=True)] for pool in order.split(_POOL * size)]
    order = torch.cat([begun[:0], *pools])
    whole = len(order) // size
    batches = order[: whole * size].view(whole, size)
    batches = batches[torch.randperm(whole, generator=generator)]
    return torch.cat([begun, batches.reshape(-1), order[whole * size :]])
