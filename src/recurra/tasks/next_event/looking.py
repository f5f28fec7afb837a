"""What `insight` finds in a model of what comes next: what it remembers, and which past events moved its proposals."""

from __future__ import annotations

from functools import partial

import numpy as np
import pandas as pd
import torch
from torch import Tensor

from recurra.data.events.log import EventLog
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted
from recurra.inspect import Watched
from recurra.inspect.several import findings_of, glanced
from recurra.language import _
from recurra.nn.next_event import NextEventNetwork
from recurra.tasks.estimator import Done, Insight
from recurra.tasks.memory import memory_sentences
from recurra.tasks.next_event.explanation import explain_last
from recurra.tasks.next_event.model import NextEventModel

_EXPLAINED, _LOOKED, _LONGEST = 50, 16, 200  # histories, histories, events of them
_STRONGEST = 12


def insight_of(model: NextEventModel, log: EventLog, *, facts: list[Fact], done: Done) -> Insight:
    """Of histories that are spread evenly over those of a log."""
    numbers = np.unique(np.linspace(0, len(log.users) - 1, min(len(log.users), _EXPLAINED)).astype(np.int64))
    frames = []
    for place, number in enumerate(numbers.tolist()):
        frames.append(explain_last(model, log.keep(log.owners == number)))
        done(round((place + 1) / len(numbers) * len(log.users)))
    moved = pd.concat(frames, ignore_index=True)
    if len(numbers) < len(log.users):
        said = _("{histories}, spread evenly over the file", histories=counted(len(numbers), "history", "histories"))
        facts = [*facts, Fact("explained", said)]
    several = log.lengths.max() > 1
    seen = looked_at(model, log) if several else []
    ago = (moved.groupby(["user", "proposal"])["event"].transform("max") - moved["event"]).to_numpy(dtype=np.int64)
    return Insight(
        facts=facts,
        sentences=memory_sentences(seen),
        findings=list(map(str, findings_of(seen))),
        nothing="" if seen else _("Nothing to show: each of these histories has a single event."),
        tables=[(_("Past events that moved proposals most"), _strongest(moved))],
        moved=moved,
        strength=_by_distance(moved, ago),
        first=1,
        title=_("What usually moves a proposal, mean size by how many events ago"),
        flows=next((watched.flows for watched in seen if watched.flows), None),
    )


def looked_at(model: NextEventModel, log: EventLog) -> list[Watched]:
    """A look at each network on some of the histories: the gradient of the size of its scores."""
    rows = np.argsort(-log.lengths, kind="stable")[:_LOOKED]
    part = log.keep(np.isin(log.owners, rows))
    encoded = model.reader.encode(part)
    lengths = np.minimum(np.diff(encoded.offsets), _LONGEST)
    steps = np.arange(lengths.max())[:, None]
    places = np.where(steps < lengths, encoded.offsets[1:] - lengths + steps, 0)
    codes = torch.from_numpy(np.where(steps < lengths, encoded.codes[places], 0))
    inputs = torch.from_numpy(encoded.inputs[places])
    batch = codes, inputs, torch.from_numpy(lengths)
    found = []
    for member in model.members:
        step = 0 if member.record is None else member.record.best_step
        size = partial(_size, member.network, batch)
        found.append(glanced(member.network, size, step=step, seen=member.watched()))
    return found


def _size(network: NextEventNetwork, batch: tuple[Tensor, Tensor, Tensor]) -> Tensor:
    hidden, _state = network(*batch)
    last = hidden[batch[2] - 1, torch.arange(len(batch[2]))]
    return network.scores(last).square().mean()


def _strongest(moved: pd.DataFrame) -> pd.DataFrame:
    if not len(moved):
        return pd.DataFrame(columns=["item", "occurs", "moved by"])
    sizes = moved.assign(size=moved["attribution"].abs()).groupby("item", sort=False)["size"].agg(["count", "mean"])
    sizes = sizes.sort_values("mean", ascending=False).head(_STRONGEST).reset_index()
    return sizes.rename(columns={"count": "occurs", "mean": "moved by"})


def _by_distance(moved: pd.DataFrame, ago: np.ndarray) -> dict[str, np.ndarray]:
    """Mean size of what an event moved, by how many events ago it was, for raising and lowering."""
    if not len(moved):
        return {_("events"): np.zeros(1)}
    size = moved["attribution"].to_numpy(dtype=float)
    count = np.maximum(np.bincount(ago), 1)
    return {
        _("raised"): np.bincount(ago, weights=np.maximum(size, 0)) / count,
        _("lowered"): np.bincount(ago, weights=np.minimum(size, 0)) / count,
    }
