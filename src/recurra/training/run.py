"""Where a training runs and how it is followed: everything that does not change the result."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

import torch

from recurra.errors import InputError
from recurra.language import _
from recurra.training.callback import Callback
from recurra.training.checkpoint import CheckpointFolder
from recurra.training.progress import Progress, default_progress, quiet


@dataclass(frozen=True)
class Run:
    """`checkpoints` for going on after a kill, `log` a folder for TensorBoard, `devices` processes, `progress`.

    `nodes` machines train together, each with so many processes: the environment of each says where the first one is
    (MASTER_ADDR, MASTER_PORT) and which one it is itself (NODE_RANK, from 0).
    `device` is "auto", "cpu" or "cuda"; `callbacks` follow the training and may end it.
    """

    checkpoints: CheckpointFolder | None = None
    log: Path | None = None
    devices: int = 1
    device: str = "auto"
    progress: Progress = field(default_factory=quiet)
    callbacks: tuple[Callback, ...] = ()
    nodes: int = 1

    def __post_init__(self) -> None:
        wrong = next((each for each in self.callbacks if not isinstance(each, Callback)), None)
        if wrong is not None:
            raise InputError(
                _("callbacks holds {wrong!r}: expected objects of a subclass of recurra.training.Callback", wrong=wrong)
            )
        object.__setattr__(self, "callbacks", tuple(self.callbacks))


def chosen_run(run: Run | None, *, verbose: bool | None, device: str) -> Run:
    """The run that was given, or one with a bar as `verbose` says; on `device` unless it names its own."""
    if run is None:
        return Run(device=device, progress=default_progress(verbose))
    return replace(run, device=device) if run.device == "auto" else run


def pick_device(name: str) -> torch.device:
    """The device of that name; "auto" is the GPU where there is one.

    Raises `InputError` for a device that torch does not know or this machine does not have.
    """
    if not isinstance(name, str):
        raise InputError(_("device is {name!r}: expected the name auto, cpu or cuda", name=name))
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise InputError(_("device {name!r} is unknown: expected auto, cpu or cuda", name=name)) from error
    if device.type not in ("cpu", "cuda"):
        raise InputError(_("device {name!r} cannot be trained on: expected auto, cpu or cuda", name=name))
    if device.type == "cuda" and not torch.cuda.is_available():
        built = _("torch sees no GPU here") if torch.backends.cuda.is_built() else _("this torch is built without CUDA")
        raise InputError(
            _("device {name!r} was asked for, but {built}: use cpu, or leave it to auto", name=name, built=built)
        )
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise InputError(
            _(
                "device {name!r} was asked for, but torch sees {found} GPUs, from cuda:0",
                name=name,
                found=torch.cuda.device_count(),
            )
        )
    return device
