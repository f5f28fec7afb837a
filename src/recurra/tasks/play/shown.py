"""What pages, previews and inspection show of an agent."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from recurra.data.schema.facts import Fact
from recurra.evaluation.playing.evaluation import WITHOUT
from recurra.formatting import count
from recurra.inspect.several import findings_of, flows_of
from recurra.language import _, mark
from recurra.report.panels.episode import Shown
from recurra.tasks.estimator import Insight, Preview
from recurra.tasks.memory import memory_sentences, remembered
from recurra.tasks.play.evaluating import Witnessed
from recurra.tasks.play.model import AgentModel

WITH = mark("with memory")
_ROWS = 12


class ActionPreview(Preview):
    """The first actions."""

    title = mark("Actions")

    def __init__(self) -> None:
        self._first = pd.DataFrame()
        self._steps = 0

    def add(self, frame: pd.DataFrame) -> None:
        """Take notice of the next frame."""
        self._steps += len(frame)
        if self._first.empty:
            self._first = frame.head(_ROWS)

    def table(self) -> pd.DataFrame:
        """row and action."""
        return self._first

    def lines(self) -> list[str]:
        """How many there are."""
        return [_("Actions at {steps}", steps=count(self._steps, "step"))]


def curves_of(model: AgentModel) -> pd.DataFrame:
    """kind, agent, frames, return of every episode of the training."""
    frames = [
        pd.DataFrame(
            {
                "kind": WITH if number < model.count else WITHOUT,
                "agent": number + 1 if number < model.count else number + 1 - model.count,
                "frames": way.played[:, 2],
                "return": way.played[:, 0],
            }
        )
        for number, way in enumerate(model.ways)
    ]
    return pd.concat(frames, ignore_index=True)


def shown_episode(found: Witnessed) -> Shown:
    """An episode as a panel shows it."""
    remark = _("The environment could not be drawn: {why}", why=found.why_no_frames) if found.why_no_frames else ""
    names = [str(k) for k in range(found.seen.shape[1])]
    done = found.actions.reshape(len(found.actions), -1).astype(np.float64)
    return Shown(found.seen, names, done, found.memory, float(found.rewards.sum()), found.frames, remark)


def insight_of(model: AgentModel, found: Witnessed, facts: Sequence[Fact]) -> Insight:
    """What an agent's memory holds, by how well what was seen before can be read off it."""
    table = kept_in_memory(found)
    seen = remembered(model.members[: model.count])
    sentences = memory_sentences(seen)
    longest = table[table["share"] > 0.5]["steps back"].max() if len(table) else np.nan
    if np.isfinite(longest):
        sentences.append(
            _(
                "More than half of what was seen {steps} before can be read off its memory, and less of what lies "
                "further back.",
                steps=count(int(longest), "step"),
            )
        )
    elif len(table):
        sentences.append(_("Little of what was seen can be read off its memory."))
    return Insight(
        facts=list(facts),
        sentences=sentences,
        findings=[str(finding) for finding in findings_of(seen)],
        nothing="" if len(table) else _("The episode is too short to say what is remembered."),
        tables=[(_("What its memory holds of what was seen before"), table.head(_ROWS).round(3))] if len(table) else [],
        moved=memory_frame(found),
        strength={},
        first=1,
        title="",
        flows=flows_of(seen) if any(not watched.why_nothing for watched in seen) and len(flows_of(seen)) else None,
    )


def kept_in_memory(found: Witnessed, most: int = 12) -> pd.DataFrame:
    """steps back, share: the part of the variance of what was seen so many steps before that a linear map of h gives.

    Fitted by ridge regression on the first two thirds of an episode and measured on the rest, of steps 0 to `most` - 1.
    """
    steps = len(found.seen)
    rows = []
    for back in range(most):
        h, x = found.memory[back:], found.seen[: steps - back]
        cut = 2 * len(h) // 3
        if len(h) < 30:
            break
        mean_h, mean_x = h[:cut].mean(axis=0), x[:cut].mean(axis=0)
        a, b = h[:cut] - mean_h, x[:cut] - mean_x
        weights = np.linalg.solve(a.T @ a + 1e-2 * len(a) * np.eye(a.shape[1]), a.T @ b)
        error = ((x[cut:] - mean_x - (h[cut:] - mean_h) @ weights) ** 2).sum()
        whole = ((x[cut:] - x[cut:].mean(axis=0)) ** 2).sum()
        if whole > 0:
            rows.append((back, float(max(0.0, 1 - error / whole))))
    return pd.DataFrame(rows, columns=["steps back", "share"])


def memory_frame(found: Witnessed) -> pd.DataFrame:
    """step, action, reward, what was seen, and the memory after it: a row per step."""
    done = found.actions.reshape(len(found.actions), -1)
    columns = {"step": np.arange(1, len(found.seen) + 1), "reward": found.rewards}
    columns |= {f"action {k}" if done.shape[1] > 1 else "action": done[:, k] for k in range(done.shape[1])}
    columns |= {f"seen {k}": found.seen[:, k] for k in range(found.seen.shape[1])}
    columns |= {f"memory {k}": found.memory[:, k] for k in range(found.memory.shape[1])}
    return pd.DataFrame(columns)
