"""Where and under whose eyes a training happens: everything that does not change the result."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import torch

from recurra.errors import InputError
from recurra.training.checkpoint import CheckpointFolder
from recurra.training.progress import Progress, quiet


@dataclass(frozen=True)
class Run:
    """`checkpoints` for going on after a kill, `log` a folder for TensorBoard, `devices` processes, `progress`."""

    checkpoints: CheckpointFolder | None = None
    log: Path | None = None
    devices: int = 1
    device: str = "auto"
    progress: Progress = field(default_factory=quiet)


def pick_device(name: str) -> torch.device:
    """The device of that name; "auto" is the GPU where there is one.

    Raises `InputError` for a device that torch does not know or this machine does not have.
    """
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise InputError(f"device {name!r} is unknown: expected auto, cpu or cuda") from error
    if device.type == "cuda" and not torch.cuda.is_available():
        raise InputError(f"device {name!r} was asked for, but torch sees no GPU here: use cpu, or leave it to auto")
    return device
