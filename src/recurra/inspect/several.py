"""What was seen of several networks that answer together, each by its number, and a look at one that may fail."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import pandas as pd
from torch import Tensor, nn

from recurra.inspect.diagnosis import Finding
from recurra.inspect.flow import gradient_flow
from recurra.inspect.layers import is_recurrent
from recurra.inspect.watched import Watched, reason_of
from recurra.language import _


def glanced(model: nn.Module, loss_of: Callable[[], Tensor], *, step: int, seen: Watched) -> Watched:
    """What was `seen` in training with one look now in place of its own; where that fails, `skipped` says why."""
    if not is_recurrent(model):
        return replace(seen, flows=(), skipped={_("it has no recurrence"): 1})
    try:
        return replace(seen, flows=(gradient_flow(model, loss_of, step=step),))
    except Exception as error:  # noqa: BLE001  # of any kind: what else there is to say of the model does not depend on it
        return replace(seen, flows=(), skipped={reason_of(error): 1})


def flows_of(seen: Sequence[Watched]) -> pd.DataFrame:
    """member, step, layer, back, gradient, cell, carried: see `gradient_flow`."""
    frames = [watched.frame().assign(member=k) for k, watched in enumerate(seen, start=1)]
    frame = pd.concat([each for each in frames if len(each)] or frames, ignore_index=True)
    return frame[["member", *frame.columns.drop("member")]]


def findings_of(seen: Sequence[Watched]) -> list[Finding]:
    """What is wrong with any of the networks; of several, in which."""
    several = len(seen) > 1
    return [
        replace(finding, sentence=f"Network {k}: {finding.sentence}") if several else finding
        for k, watched in enumerate(seen, start=1)
        for finding in watched.diagnose()
    ]


def said_of_nothing(seen: Sequence[Watched]) -> str:
    """Why there is no look at any of the networks; empty where there is one, or none was tried."""
    if any(watched.flows for watched in seen):
        return ""
    return next((watched.why_nothing for watched in seen if watched.why_nothing), "")
