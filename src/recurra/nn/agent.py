"""The networks of an agent that remembers: one that acts, and one that says what is still to be gained.

    h_t = actor(x_t, h_(t-1)),    p(a | x_1 .. x_t) = softmax(W_p h_t + b_p), or normal(W_p h_t + b_p, exp(s))
    k_t = critic(x_t, k_(t-1)),   V_t = W_v k_t + b_v

Each is a recurrence of its own, so that what the critic learns does not move what is done. Without memory every step
begins anew: the same network, the same number of weights, and nothing that goes from one step to the next.

Source: Schulman et al. (2017), "Proximal policy optimization algorithms"; recurrent networks in it: Ni, Eysenbach,
Salakhutdinov (2022), "Recurrent model-free RL can be a strong baseline for many POMDPs".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from recurra.checking import require
from recurra.nn.cell_layer import layer_of
from recurra.nn.network import Network
from recurra.nn.resets import run_with_resets
from recurra.nn.stream import Stream

_SMALL = 0.01  # of the first policy's weights: at first all actions are about as likely


@dataclass(frozen=True)
class AgentOptions:
    """`hidden` units in each of the `layers` of the actor and of the critic."""

    hidden: int = 64
    layers: int = 1

    def check(self) -> None:
        """Refuse sizes that are none."""
        require(min(self.hidden, self.layers) >= 1, "sizes of a network")


class AgentNetwork(Network):
    """What is seen [.., F] -> what is done, A logits or means, and its value; `remembers`: see the module."""

    def __init__(
        self, inputs: int, outputs: int, cell: str, options: AgentOptions, *, chosen: bool, remembers: bool = True
    ) -> None:
        super().__init__()
        self.options, self.chosen, self.remembers = options, chosen, remembers
        kind: Any = layer_of(cell)
        self.actor = kind(inputs, options.hidden, num_layers=options.layers)
        self.critic = kind(inputs, options.hidden, num_layers=options.layers)
        self.policy = nn.Linear(options.hidden, outputs)
        self.value = nn.Linear(options.hidden, 1)
        self.spread = None if chosen else nn.Parameter(torch.zeros(outputs))
        with torch.no_grad():
            self.policy.weight.mul_(_SMALL)
            self.policy.bias.zero_()

    def forward(
        self, x: Tensor, state: tuple[Any, Any] | None = None, *, begins: Tensor | None = None
    ) -> tuple[tuple[Tensor, Tensor], tuple[Any, Any]]:
        """x [T, B, F] -> logits or means [T, B, A] and values [T, B], and the states of actor and critic.

        Where `begins` [T, B] is true an episode begins, and nothing before it is remembered.
        """
        begins = x.new_zeros(x.shape[:2], dtype=torch.bool) if begins is None else begins
        anew = begins if self.remembers else torch.ones_like(begins)
        before = (None, None) if state is None else state
        acted, actor = run_with_resets(self.actor, x, anew, before[0])
        valued, critic = run_with_resets(self.critic, x, anew, before[1])
        return (self.policy(acted), self.value(valued).squeeze(-1)), (actor, critic)

    def step(self, x: Tensor, state: tuple[Any, Any] | None = None) -> tuple[tuple[Tensor, Tensor], tuple[Any, Any]]:
        """x [B, F] -> logits or means [B, A] and values [B], and the states of actor and critic."""
        self.refuse_steps()
        before = (None, None) if state is None or not self.remembers else state
        acted, actor = self.actor.step(x, before[0])
        valued, critic = self.critic.step(x, before[1])
        return (self.policy(acted), self.value(valued).squeeze(-1)), (actor, critic)

    def acting(self, rows: int) -> Stream:
        """The actor one step at a time: x [B, F] -> logits or means [B, A]."""
        return self.actor.stream(batch=rows, head=self.policy, threads=1)

    def valuing(self, rows: int) -> Stream:
        """The critic one step at a time: x [B, F] -> V [B, 1]."""
        return self.critic.stream(batch=rows, head=self.value, threads=1)
