"""How much better what was done turned out than was expected: generalised advantage estimation.

    d_t = r_t + g V'_t - V_t
    A_t = d_t + g l A_(t+1)      0 beyond the end of an episode

V'_t is what was still to be gained after step t: 0 where the episode ended by itself, V of what was seen last where a
limit of time cut it (there would have been more), V_(t+1) elsewhere.

Source: Schulman et al. (2016); on limits of time: Pardo et al. (2018), "Time limits in reinforcement learning".
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Bools = npt.NDArray[np.bool_]


def advantages(
    rewards: Floats, values: Floats, afterwards: Floats, terminated: Bools, over: Bools, discount: float, trace: float
) -> Floats:
    """A [T, B] of rewards, V and V' [T, B]; `over`: where an episode ended, by itself (`terminated`) or not.

    >>> one, no, yes = np.ones((2, 1)), np.zeros((2, 1), bool), np.ones((2, 1), bool)
    >>> advantages(one, 0 * one, 5 * one, no, yes, 0.5, 1.0).ravel().tolist()  # cut by a limit of time
    [3.5, 3.5]
    >>> advantages(one, 0 * one, 5 * one, yes, yes, 0.5, 1.0).ravel().tolist()  # ended
    [1.0, 1.0]
    """
    apart = rewards + discount * np.where(terminated, 0.0, afterwards) - values
    found, later = np.zeros_like(apart), np.zeros(apart.shape[1])
    for t in range(len(apart) - 1, -1, -1):
        later = apart[t] + discount * trace * np.where(over[t], 0.0, later)
        found[t] = later
    return found
