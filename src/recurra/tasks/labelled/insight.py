"""What the networks of a labelled task remember: their gradient through time, in training or now, and in words."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import torch
from torch import Tensor, nn

from recurra.data.encoders.batching import Batches
from recurra.data.encoders.reader import Encoded, total
from recurra.formatting import count
from recurra.inspect import Watched
from recurra.inspect.several import glanced
from recurra.language import _
from recurra.nn.sequence import InputBatch
from recurra.tasks.labelled.model import SequenceModel
from recurra.tasks.labelled.problem import given

_EXAMPLES = 16  # that are looked at: the reference kernel keeps every state of all of them
_LONGEST = 512  # steps of a sequence that are looked at, its first ones


def remembered(model: SequenceModel) -> list[Watched]:
    """What was seen of each network in training; nothing after loading."""
    return [member.watched() for member in model.members]


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


def memory_sentences(seen: Sequence[Watched]) -> list[str]:
    """For each network, in words, how far back its gradient reaches."""
    sentences = []
    for k, watched in enumerate(seen, start=1):
        memories = watched.memory()
        what = _("Network {k}", k=k) if len(seen) > 1 else _("The network")
        if watched.why_nothing:
            sentences.append(
                _(
                    "{network}: its gradient could not be followed through time: {why}",
                    network=what,
                    why=watched.why_nothing,
                )
            )
        if not memories:
            continue
        least = min(memories.values(), key=lambda memory: memory.steps)
        if least.whole:
            sentences.append(_("{network}: its gradient reaches back over all steps.", network=what))
        else:
            steps = count(least.steps, "step")
            sentences.append(_("{network}: its gradient reaches back {steps}.", network=what, steps=steps))
    return sentences


def _size(network: nn.Module, batch: dict[str, InputBatch]) -> Tensor:
    return network(batch).square().mean()


def _beginning(part: InputBatch) -> InputBatch:
    """Its first steps only."""
    if part.codes is not None or part.values.dim() == 4 or len(part.values) <= _LONGEST:
        return part
    return InputBatch(part.values[:_LONGEST], part.lengths.clamp(max=_LONGEST))
