"""What the networks of a labelled task remember: their gradient through time, in training or now, and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import torch

from recurra.data.encoders.batching import Batches
from recurra.data.encoders.reader import Encoded, total
from recurra.inspect import Watched, gradient_flow
from recurra.nn.sequence import InputBatch
from recurra.tasks.labelled.model import SequenceModel
from recurra.tasks.labelled.problem import given

_EXAMPLES = 16  # that are looked at: the reference kernel keeps every state of all of them
_LONGEST = 512  # steps of a sequence that are looked at, its first ones


def remembered(model: SequenceModel) -> list[Watched]:
    """What was seen of each network in training; nothing after loading."""
    return [member.watched() for member in model.members]


def looked_at(model: SequenceModel, encoded: Encoded) -> list[Watched]:
    """A look at each network on some of the examples: the gradient of their outputs' size."""
    rows = total(encoded)
    numbers = torch.linspace(0, rows - 1, min(rows, _EXAMPLES)).long()
    batch = {name: _beginning(part) for name, part in given(Batches(encoded).read(numbers)).items()}
    found = []
    for member in model.members:
        step = 0 if member.record is None else member.record.best_step
        flow = gradient_flow(member.network, lambda network=member.network: network(batch).square().mean(), step=step)
        found.append(replace(member.watched(), flows=(flow,)))
    return found


def memory_sentences(seen: Sequence[Watched]) -> list[str]:
    """For each network, in words, how far back its gradient reaches."""
    sentences = []
    for k, watched in enumerate(seen, start=1):
        memories = watched.memory()
        if not memories:
            continue
        what = f"Network {k}" if len(seen) > 1 else "The network"
        least = min(memories.values(), key=lambda memory: memory.steps)
        reach = "over all steps" if least.whole else f"{least.steps} step{'' if least.steps == 1 else 's'}"
        sentences.append(f"{what}: its gradient reaches back {reach}.")
    return sentences


def _beginning(part: InputBatch) -> InputBatch:
    """Its first steps only."""
    if part.codes is not None or part.values.dim() == 4 or len(part.values) <= _LONGEST:
        return part
    return InputBatch(part.values[:_LONGEST], part.lengths.clamp(max=_LONGEST))
