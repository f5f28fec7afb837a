"""What an agent learns from a batch: the clipped surrogate of the policy, the critic's error, and some entropy.

    q = exp(log p(a) - log p_then(a))
    loss = - mean min(q A, clip(q, 1 - c, 1 + c) A) + v / 2 mean (V - R)^2 - e mean H

Source: Schulman et al. (2017), equations 7 and 9.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from recurra.nn.agent import AgentNetwork
from recurra.tasks.play.experience import Batch
from recurra.tasks.play.policy import Groups, policy_terms
from recurra.tasks.play.settings import Practice


class PlayProblem:
    """A `training.Problem` whose batches come from `Experience`; the last weights are kept."""

    network: nn.Module

    def __init__(self, network: AgentNetwork, practice: Practice, groups: Groups = None) -> None:
        self.network, self.practice, self.groups = network, practice, groups

    @property
    def examples(self) -> int:
        """Environments: each is a sequence of a round."""
        return self.practice.environments

    lengths = None

    def batch(self, numbers: Tensor) -> Batch:
        """Not asked for."""
        raise NotImplementedError("an agent learns from its experience")

    def loss(self, network: nn.Module, batch: Batch) -> Tensor:
        """See the module."""
        assert isinstance(network, AgentNetwork)
        (outputs, values), _state = network(batch.seen, batch.states, begins=batch.begins)
        logs, entropy = policy_terms(outputs, network.spread, batch.actions, self.groups)
        moved = torch.exp(logs - batch.likelihood)
        held = moved.clamp(1 - self.practice.clip, 1 + self.practice.clip)
        gained = torch.minimum(moved * batch.advantages, held * batch.advantages).mean()
        error = (values - batch.targets).square().mean()
        return -gained + self.practice.value / 2 * error - self.practice.entropy * entropy.mean()

    def validate(self, network: nn.Module) -> float:
        """NaN: no part is held out of what an agent has not played yet."""
        return float("nan")
