"""The states of torch's generators that a training draws from: the CPU's, and that of the GPU its network is on."""

from __future__ import annotations

from contextlib import AbstractContextManager

import torch
from torch import Tensor

_CPU, _GPU = "random", "random of the GPU"


def forked(device: torch.device) -> AbstractContextManager[None]:
    """Inside the `with` both generators may be moved; afterwards they are what they were."""
    return torch.random.fork_rng(devices=[device] if device.type == "cuda" else [])


def seeded_states(seed: int, device: torch.device) -> dict[str, Tensor]:
    """By name, the states of fresh generators of this seed."""
    found = {_CPU: torch.Generator().manual_seed(seed).get_state()}
    return found | ({_GPU: torch.Generator(device).manual_seed(seed).get_state()} if device.type == "cuda" else {})


def states(device: torch.device) -> dict[str, Tensor]:
    """By name, the states as they are."""
    return {_CPU: torch.get_rng_state()} | ({_GPU: torch.cuda.get_rng_state(device)} if device.type == "cuda" else {})


def set_states(found: dict[str, Tensor], device: torch.device) -> None:
    """Go on from what `states` or `seeded_states` gave for this device."""
    torch.set_rng_state(found[_CPU])
    if device.type == "cuda":
        torch.cuda.set_rng_state(found[_GPU], device)
