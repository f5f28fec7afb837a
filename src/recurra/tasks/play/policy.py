"""What is done: drawn from a policy, or its best action; and how likely it was."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Floats = npt.NDArray[np.floating]
_HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)


def drawn_choices(logits: Floats, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """[B] of logits [B, A], by the Gumbel trick: the largest of logit + noise."""
    return (logits + rng.gumbel(size=logits.shape)).argmax(axis=1)


def drawn_numbers(means: Floats, spread: Floats, rng: np.random.Generator) -> Floats:
    """[B, A] of means [B, A] and standard deviations [A]."""
    return (means + spread * rng.normal(size=means.shape)).astype(np.float32)


def likelihood_of_choices(logits: Floats, actions: npt.NDArray[np.int64]) -> Floats:
    """log p [..] of actions [..] under logits [.., A]."""
    apart = logits - logits.max(axis=-1, keepdims=True)
    own = np.take_along_axis(apart, actions[..., None], axis=-1)[..., 0]
    return own - np.log(np.exp(apart).sum(axis=-1))


def likelihood_of_numbers(means: Floats, spread: Floats, actions: Floats) -> Floats:
    """log p [..] of actions [.., A]."""
    return (-0.5 * ((actions - means) / spread) ** 2 - np.log(spread) - _HALF_LOG_TWO_PI).sum(axis=-1)


def policy_terms(outputs: Tensor, spread: Tensor | None, actions: Tensor) -> tuple[Tensor, Tensor]:
    """log p [..] of actions, and the policy's entropy [..]; `spread` [A] is the logarithm, None for choices."""
    if spread is None:
        logs = outputs.log_softmax(-1)
        return logs.gather(-1, actions.unsqueeze(-1)).squeeze(-1), -(logs.exp() * logs).sum(-1)
    apart = (actions - outputs) * torch.exp(-spread)
    logs = (-0.5 * apart**2 - spread - _HALF_LOG_TWO_PI).sum(-1)
    return logs, (spread + 0.5 + _HALF_LOG_TWO_PI).sum().expand(logs.shape)
