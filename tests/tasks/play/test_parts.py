"""The parts of learning to act, each beside what is obviously right."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from recurra.errors import InputError
from recurra.nn.agent import AgentNetwork, AgentOptions
from recurra.tasks.play.advantages import advantages
from recurra.tasks.play.normalising import Moments, RewardScale
from recurra.tasks.play.policy import (
    drawn_choices,
    likelihood_of_choices,
    likelihood_of_numbers,
    policy_terms,
)
from recurra.tasks.play.settings import Practice


def test_advantages_are_the_sum_that_defines_them():
    rng = np.random.default_rng(0)
    steps, discount, trace = 17, 0.9, 0.7
    rewards, values, afterwards = rng.normal(size=(3, steps, 1))
    terminated, cut = rng.random((2, steps, 1)) < 0.2
    over = terminated | cut
    found = advantages(rewards, values, afterwards, terminated, over, discount, trace)
    apart = rewards + discount * afterwards * ~terminated - values
    for t in range(steps):
        expected, weight = 0.0, 1.0
        for k in range(t, steps):
            expected += weight * apart[k, 0]
            if over[k, 0]:
                break
            weight *= discount * trace
        assert found[t, 0] == pytest.approx(expected, abs=1e-12)


def test_likelihoods_are_those_of_torch():
    rng = np.random.default_rng(0)
    outputs = rng.normal(size=(5, 3)).astype(np.float32)
    chosen = rng.integers(3, size=5)
    law = torch.distributions.Categorical(logits=torch.from_numpy(outputs))
    logs, entropy = policy_terms(torch.from_numpy(outputs), None, torch.from_numpy(chosen))
    np.testing.assert_allclose(logs, law.log_prob(torch.from_numpy(chosen)), atol=1e-6)
    np.testing.assert_allclose(entropy, law.entropy(), atol=1e-6)
    np.testing.assert_allclose(likelihood_of_choices(outputs, chosen), logs, atol=1e-6)
    spread, done = torch.tensor([0.1, -0.5, 0.0]), rng.normal(size=(5, 3)).astype(np.float32)
    normal = torch.distributions.Normal(torch.from_numpy(outputs), spread.exp())
    logs, entropy = policy_terms(torch.from_numpy(outputs), spread, torch.from_numpy(done))
    np.testing.assert_allclose(logs, normal.log_prob(torch.from_numpy(done)).sum(-1), atol=1e-5)
    np.testing.assert_allclose(entropy, normal.entropy().sum(-1), atol=1e-6)
    np.testing.assert_allclose(likelihood_of_numbers(outputs, spread.exp().numpy(), done), logs, atol=1e-5)


def test_choices_are_drawn_by_their_probability():
    logits = np.log(np.array([[0.2, 0.5, 0.3]]))
    drawn = drawn_choices(np.repeat(logits, 20_000, axis=0), np.random.default_rng(0))
    np.testing.assert_allclose(np.bincount(drawn) / 20_000, [0.2, 0.5, 0.3], atol=0.015)


def test_running_moments_are_those_of_all_values():
    values = np.random.default_rng(0).normal(3, 2, size=(60, 2))
    moments = Moments.none(2)
    for part in np.split(values, [1, 5, 30]):
        moments = moments.after(part)
    np.testing.assert_allclose(moments.mean, values.mean(axis=0))
    np.testing.assert_allclose(moments.spread, values.std(axis=0))


def test_rewards_are_scaled_by_the_spread_of_discounted_returns():
    scale, rng = RewardScale(0.9, np.zeros(4)), np.random.default_rng(0)
    over = np.zeros(4, dtype=bool)
    scaled = np.array([scale.scaled(100 * rng.normal(size=4), over) for _k in range(300)])
    assert 0.2 < scaled[100:].std() < 1.0
    scale.scaled(np.ones(4), ~over)
    assert not scale.returns.any()


@pytest.mark.parametrize("cell", ["gru", "lstm", "mingru"])
@pytest.mark.parametrize("remembers", [True, False])
def test_acting_step_by_step_is_the_network_over_the_sequence(cell, remembers):
    torch.manual_seed(0)
    network = AgentNetwork(3, 2, cell, AgentOptions(5), chosen=True, remembers=remembers)
    with torch.no_grad():
        network.policy.weight.mul_(100)
    x, begins = torch.randn(9, 2, 3), torch.rand(9, 2) < 0.3
    begins[0] = True
    (outputs, values), _state = network(x, begins=begins)
    actor, critic = network.acting(2), network.valuing(2)
    for t in range(9):
        rows = np.arange(2) if not remembers else np.flatnonzero(begins[t])
        for stream in (actor, critic):
            if len(rows):
                stream.reset(rows)
        np.testing.assert_allclose(actor.step(x[t].numpy()), outputs[t].detach(), atol=1e-5)
        np.testing.assert_allclose(critic.step(x[t].numpy())[:, 0], values[t].detach(), atol=1e-5)
    other = x + torch.randn(9, 2, 3) * (torch.arange(9) < 4)[:, None, None]
    apart = network(other, begins=begins)[0][0] - outputs
    assert remembers or not apart[4:].any()


@pytest.mark.parametrize(
    ("wrong", "told"), [({"parts": 20}, "parts is 20"), ({"discount": 2}, "discount"), ({"steps": 0}, "steps")]
)
def test_practice_that_cannot_be_is_refused(wrong, told):
    with pytest.raises(InputError, match=told):
        Practice(**wrong)
