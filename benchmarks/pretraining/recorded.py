"""The forward and backward pass of a training step as a recorded CUDA graph, one for each size of a batch.

A network this small keeps a GPU waiting for its launches; a graph is one launch. The gradients are those of the plain
pass: the same kernels run in the same order.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, fields

import torch
from benchmarks.pretraining.batches import Batch
from torch import Tensor, nn

Loss = Callable[[Batch], Tensor]
WARM = 3  # plain passes before the recording, in which libraries choose and allocate


@dataclass(frozen=True)
class _Record:
    graph: torch.cuda.CUDAGraph
    batch: Batch  # where the graph reads
    loss: Tensor
    gradients: tuple[Tensor | None, ...]


class Recorded:
    """`recorded(batch)` -> the loss; the gradients stand in `.grad` of the parameters. On a CPU, the plain pass."""

    def __init__(self, network: nn.Module, loss: Loss, device: torch.device) -> None:
        self.parameters = list(network.parameters())
        self.loss, self.device = loss, device
        self.records: dict[tuple[torch.Size, torch.Size], _Record] = {}

    def __call__(self, batch: Batch) -> Tensor:
        if self.device.type != "cuda":
            return self._set(self._pass(batch))
        key = (batch.shown.shape, batch.at.shape)
        if key not in self.records:
            self.records[key] = self._record(batch)
        record = self.records[key]
        for field in fields(Batch):
            getattr(record.batch, field.name).copy_(getattr(batch, field.name))
        record.graph.replay()
        return self._set((record.loss, record.gradients))

    def _pass(self, batch: Batch) -> tuple[Tensor, tuple[Tensor | None, ...]]:
        loss = self.loss(batch)
        return loss.detach(), torch.autograd.grad(loss, self.parameters, allow_unused=True)

    def _set(self, found: tuple[Tensor, tuple[Tensor | None, ...]]) -> Tensor:
        for parameter, gradient in zip(self.parameters, found[1], strict=True):
            parameter.grad = gradient
        return found[0]

    def _record(self, batch: Batch) -> _Record:
        kept = Batch(*(getattr(batch, field.name).clone() for field in fields(Batch)))
        beside = torch.cuda.Stream()
        beside.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(beside):
            for _ in range(WARM):
                self._pass(kept)
        torch.cuda.current_stream().wait_stream(beside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph):
            loss, gradients = self._pass(kept)
        return _Record(graph, kept, loss, gradients)
