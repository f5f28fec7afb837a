"""What is done: drawn from a policy, or its best action; and how likely it was.

Several choices at once are drawn each by itself: their logits lie side by side, in `groups` of so many, and the
likelihood of all of them is the product of theirs.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

Floats = npt.NDArray[np.floating]
Groups = tuple[int, ...] | None  # the sizes of several choices; None for one
_HALF_LOG_TWO_PI = 0.5 * math.log(2 * math.pi)


def drawn_choices(logits: Floats, rng: np.random.Generator, groups: Groups = None) -> npt.NDArray[np.int64]:
    """[B], of several choices [B, K], of logits [B, A], by the Gumbel trick: the largest of logit + noise."""
    return best_choices(logits + rng.gumbel(size=logits.shape), groups)


def best_choices(logits: Floats, groups: Groups = None) -> npt.NDArray[np.int64]:
    """The likeliest [B], of several choices [B, K], of logits [B, A]."""
    if groups is None:
        return logits.argmax(axis=1)
    return np.stack([part.argmax(axis=1) for part in np.split(logits, np.cumsum(groups)[:-1], axis=1)], axis=1)


def drawn_numbers(means: Floats, spread: Floats, rng: np.random.Generator) -> Floats:
    """[B, A] of means [B, A] and standard deviations [A]."""
    return (means + spread * rng.normal(size=means.shape)).astype(np.float32)


def likelihood_of_choices(logits: Floats, actions: npt.NDArray[np.int64], groups: Groups = None) -> Floats:
    """log p [..] of actions [..], of several choices [.., K], under logits [.., A]."""
    if groups is not None:
        parts = np.split(logits, np.cumsum(groups)[:-1], axis=-1)
        return np.sum([likelihood_of_choices(part, actions[..., k]) for k, part in enumerate(parts)], axis=0)
    apart = logits - logits.max(axis=-1, keepdims=True)
    own = np.take_along_axis(apart, actions[..., None], axis=-1)[..., 0]
    return own - np.log(np.exp(apart).sum(axis=-1))


def likelihood_of_numbers(means: Floats, spread: Floats, actions: Floats) -> Floats:
    """log p [..] of actions [.., A]."""
    return (-0.5 * ((actions - means) / spread) ** 2 - np.log(spread) - _HALF_LOG_TWO_PI).sum(axis=-1)


def policy_terms(
    outputs: Tensor, spread: Tensor | None, actions: Tensor, groups: Groups = None
) -> tuple[Tensor, Tensor]:
    """log p [..] of actions, and the policy's entropy [..]; `spread` [A] is the logarithm, None for choices."""
    if groups is not None:
        terms = [policy_terms(part, None, actions[..., k]) for k, part in enumerate(outputs.split(groups, dim=-1))]
        return torch.stack([logs for logs, _entropy in terms]).sum(0), torch.stack([e for _logs, e in terms]).sum(0)
    if spread is None:
        logs = outputs.log_softmax(-1)
        return logs.gather(-1, actions.unsqueeze(-1)).squeeze(-1), -(logs.exp() * logs).sum(-1)
    apart = (actions - outputs) * torch.exp(-spread)
    logs = (-0.5 * apart**2 - spread - _HALF_LOG_TWO_PI).sum(-1)
    return logs, (spread + 0.5 + _HALF_LOG_TWO_PI).sum().expand(logs.shape)
