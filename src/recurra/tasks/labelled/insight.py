"""A look at what the networks of a labelled task remember: their gradient through time on some examples."""

from __future__ import annotations

from functools import partial

import torch
from torch import Tensor, nn

from recurra.data.encoders.batching import Batches
from recurra.data.encoders.reader import Encoded, total
from recurra.inspect import Watched
from recurra.inspect.several import glanced
from recurra.nn.sequence import InputBatch
from recurra.tasks.labelled.model import SequenceModel
from recurra.tasks.labelled.problem import given

_EXAMPLES = 16  # that are looked at: the reference kernel keeps every state of all of them
_LONGEST = 512  # steps of a sequence that are looked at, its first ones


def looked_at(model: SequenceModel, encoded: Encoded) -> list[Watched]:
    """A look at each network on some of the examples: the gradient of their outputs' size; or why there is none."""
    rows = total(encoded)
    numbers = torch.linspace(0, rows - 1, min(rows, _EXAMPLES)).long()
    batch = {name: _beginning(part) for name, part in given(Batches(encoded).read(numbers)).items()}
    found = []
    for member in model.members:
        step = 0 if member.record is None else member.record.best_step
        size = partial(_size, member.network, batch)
        found.append(glanced(member.network, size, step=step, seen=member.watched()))
    return found


def _size(network: nn.Module, batch: dict[str, InputBatch]) -> Tensor:
    return network(batch)[0].square().mean()


def _beginning(part: InputBatch) -> InputBatch:
    """Its first steps only."""
    if part.codes is not None or part.values.dim() == 4 or len(part.values) <= _LONGEST:
        return part
    return InputBatch(part.values[:_LONGEST], part.lengths.clamp(max=_LONGEST))
