"""Agents evaluated by the returns of fresh episodes: the interquartile mean, its interval, and whether memory helps.

The interquartile mean is the mean of the middle half of all episodes of all agents that were trained alike, each from
a seed of its own. A draw of the bootstrap takes agents with replacement and of each its episodes with replacement, so
that the interval holds what another seed would have learnt, too.

Source: Agarwal et al. (2021), "Deep reinforcement learning at the edge of the statistical precipice".
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy.stats import trim_mean

from recurra.evaluation.shared.bootstrap import DRAWS, interval, p_value
from recurra.evaluation.shared.evaluation import MODEL, Evaluation
from recurra.evaluation.shared.verdict import Verdict
from recurra.formatting import NumberStyle, count, p_text, style_of_sizes
from recurra.language import _, mark

Floats = npt.NDArray[np.floating]

RETURN, MEAN = "return", "mean return"
WITHOUT, RANDOM = mark("without memory"), mark("random actions")
_FEWEST_AGENTS = 5
_SIGNIFICANCE = 0.05
_QUARTER = 0.25
HELPS = mark("Memory helps: return {ours} against {theirs} of the same agent without memory ({size}).")
NO_HELP = mark("Memory does not help as far as this test can tell: return {ours} against {theirs} without it ({size}).")
HARMS = mark("Memory does harm: return {ours} against {theirs} of the same agent without memory ({size}).")
NOTHING_LEARNT = mark("It has not learnt to play: return {ours} against {theirs} of random actions ({size}).")


def interquartile_mean(returns: Floats) -> Floats:
    """[...] of returns [..., N].

    >>> float(interquartile_mean(np.array([-900.0, 1.0, 2.0, 3.0, 4.0, 90.0, 3.0, 2.0])))
    2.5
    """
    return np.asarray(trim_mean(returns, _QUARTER, axis=-1))


def evaluate_returns(returns: Mapping[str, Floats], *, draws: int = DRAWS, seed: int = 0) -> Evaluation:
    """Evaluate the returns [K agents, N episodes] of our agents (MODEL) beside those without memory and random ones."""
    rng = np.random.default_rng(seed)
    drawn = {method: _drawn(values, draws, rng) for method, values in returns.items()}
    rows = [
        (method, score, *interval(each[:, k]))
        for method, each in drawn.items()
        for k, score in enumerate((RETURN, MEAN))
    ]
    table = pd.DataFrame(
        {
            RETURN: {m: float(interquartile_mean(values.ravel())) for m, values in returns.items()},
            MEAN: {m: float(values.mean()) for m, values in returns.items()},
        }
    )
    table.index.name = "method"
    verdict = _verdict(returns, table[RETURN].to_dict(), {m: each[:, 0] for m, each in drawn.items()})
    return Evaluation(
        table=table,
        intervals=pd.DataFrame(rows, columns=["method", "score", "low", "high"]),
        leading=RETURN,
        verdict=verdict,
        per_class=pd.DataFrame(columns=["class", "count", "precision", "recall", "f1"]),
        confusion=pd.DataFrame(columns=["truth", "predicted", "count"]),
        reliability=pd.DataFrame(columns=["bin", "confidence", "right", "count"]),
        notes=_notes(returns),
    )


def _drawn(returns: Floats, draws: int, rng: np.random.Generator) -> Floats:
    """The interquartile mean and the mean [draws, 2] of resampled agents and episodes."""
    agents, episodes = returns.shape
    found = np.empty((draws, 2))
    for draw in range(draws):
        who = rng.integers(agents, size=agents)
        which = rng.integers(episodes, size=(agents, episodes))
        values = returns[who[:, None], which].ravel()
        found[draw] = interquartile_mean(values), values.mean()
    return found


def _verdict(returns: Mapping[str, Floats], values: dict[Any, float], drawn: Mapping[str, Floats]) -> Verdict:
    baselines = [method for method in returns if method != MODEL]
    best = max(baselines, key=lambda method: values[method])
    rival = WITHOUT if WITHOUT in returns else best
    sizes = style_of_sizes(np.array(list(values.values())))
    agents, episodes = returns[MODEL].shape

    def apart(method: str) -> tuple[float, float, float]:
        differences = drawn[MODEL] - drawn[method]
        return (*interval(differences), p_value(differences))

    def verdict(template: str, method: str, *, better: bool) -> Verdict:
        low, high, p = apart(method)
        difference = values[MODEL] - values[method]
        sentence = _(
            template,
            ours=sizes.text(values[MODEL]),
            theirs=sizes.text(values[method]),
            size=_(
                "95 % interval of the difference {low} to {high}, {p}, {agents} with {episodes} each",
                low=_signed(sizes, low),
                high=_signed(sizes, high),
                p=p_text(p),
                agents=count(agents, "agent"),
                episodes=count(episodes, "episode"),
            ),
        )
        return Verdict(
            sentence,
            better,
            RETURN,
            method,
            difference,
            low,
            high,
            p,
            "" if better else method,
            best,
            agents * episodes,
        )

    low, high, p = apart(RANDOM)
    if not (low > 0 and p < _SIGNIFICANCE):
        return verdict(NOTHING_LEARNT, RANDOM, better=False)
    low, high, p = apart(rival)
    if low > 0 and p < _SIGNIFICANCE:
        return verdict(HELPS, rival, better=True)
    if high < 0 and p < _SIGNIFICANCE:
        return verdict(HARMS, rival, better=False)
    return verdict(NO_HELP, rival, better=False)


def _signed(style: NumberStyle, value: float) -> str:
    return style.text(value, sign=True)


def _notes(returns: Mapping[str, Floats]) -> tuple[str, ...]:
    agents = len(returns[MODEL])
    if agents >= _FEWEST_AGENTS:
        return ()
    return (
        _(
            "{agents} trained: what another seed would have learnt is not known well; {least} tell more.",
            agents=count(agents, "agent was", "agents were"),
            least=_FEWEST_AGENTS,
        ),
    )
