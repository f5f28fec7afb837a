"""The verdict on agents: memory helps, does not, harms; nothing was learnt; agents are drawn with their episodes."""

from __future__ import annotations

import numpy as np
import pytest

from recurra.evaluation.playing.evaluation import RANDOM, WITHOUT, evaluate_returns, interquartile_mean


def returns(ours: float, without: float, chance: float = 0.0, *, between: float = 0.0) -> dict[str, np.ndarray]:
    rng = np.random.default_rng(0)
    shift = between * np.array([-1.5, -0.5, 0.0, 0.5, 1.5])[:, None]
    noise = rng.normal(size=(3, 5, 40))
    return {"Recurra": ours + shift + noise[0], WITHOUT: without + noise[1], RANDOM: chance + noise[2, :1]}


@pytest.mark.slow
@pytest.mark.parametrize(
    ("found", "told", "better"),
    [
        (returns(9, 5), "Memory helps: return", True),
        (returns(5, 5), "Memory does not help as far as this test can tell", False),
        (returns(5, 9), "Memory does harm", False),
        (returns(0, 9), "It has not learnt to play", False),
    ],
)
def test_the_sentence_says_whether_memory_helps(found, told, better):
    verdict = evaluate_returns(found).verdict
    assert verdict.sentence.startswith(told)
    assert "5 agents with 40 episodes each" in verdict.sentence
    assert verdict.better is better
    assert verdict.use == ("" if better else verdict.baseline)


@pytest.mark.slow
def test_the_interval_holds_what_another_seed_would_have_learnt():
    same = evaluate_returns(returns(6, 5)).verdict
    apart = evaluate_returns(returns(6, 5, between=2)).verdict
    assert apart.high - apart.low > 3 * (same.high - same.low)
    assert same.better
    assert not apart.better


@pytest.mark.slow
def test_the_leading_score_is_the_mean_of_the_middle_half():
    values = np.array([[-1000.0, 1, 2, 3, 4, 1000, 2, 3]])
    assert float(interquartile_mean(values[0])) == 2.5
    table = evaluate_returns({"Recurra": values, RANDOM: values - 50}).table
    assert table.loc["Recurra", "return"] == 2.5
    assert "5 tell more" in evaluate_returns({"Recurra": values, RANDOM: values - 50}).notes[0]
