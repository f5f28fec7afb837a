"""What the networks of an ensemble remember: their gradient's way through time, in words and for a page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from recurra.ensemble.members import Member
from recurra.formatting import count
from recurra.inspect import Watched
from recurra.inspect.several import findings_of, flows_of
from recurra.language import _
from recurra.report import Deferred


def remembered(members: Sequence[Member[Any]]) -> list[Watched]:
    """What was seen of each network in training; nothing after loading."""
    return [member.watched() for member in members]


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


def memory_data(members: Sequence[Member[Any]]) -> dict[str, Any]:
    """`flow` and `memory` of a page, made when a panel asks for them."""
    seen = Deferred(lambda: remembered(members))
    return {
        "flow": Deferred(lambda: flows_of(seen.made())),
        "memory": Deferred(lambda: [*memory_sentences(seen.made()), *map(str, findings_of(seen.made()))]),
    }
