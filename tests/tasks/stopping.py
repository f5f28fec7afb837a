"""What the facts of a model say of a training that the user stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from recurra.data.schema.facts import Fact


def check_that_a_stop_is_told(model: Any, facts_of: Callable[[Any], list[Fact]]) -> None:
    """Its last network is taken for one that was stopped: that is told once, and of the model as it is nothing."""
    members = model.members
    assert members[-1].record is not None
    cut = replace(members[-1], record=replace(members[-1].record, interrupted=True))
    stopped = facts_of(replace(model, members=(*members[:-1], cut)))
    told = [fact.value for fact in stopped if fact.label == "stopped"]
    assert len(told) == 1
    assert told[0].startswith("after ")
    assert not [fact for fact in facts_of(model) if fact.label == "stopped"]
