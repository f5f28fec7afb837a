"""Network and file: the weights of a pretrained forecaster as .safetensors, its sizes as JSON in the metadata."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file

from recurra.errors import ModelFileError
from recurra.nn.pretrained.network import Pretrained, Recurrences
from recurra.nn.pretrained.shape import Shape
from recurra.nn.recurrent import GRU, LSTM

SHIPPED = Path(__file__).with_name("weights.safetensors")


def own_recurrence(kind: str, width: int) -> torch.nn.Module:
    """The layers of Recurra, which run faster on a CPU; their parameters are torch.nn's."""
    return {"lstm": LSTM, "gru": GRU}[kind](width, width)


def save_network(
    network: Pretrained, path: Path, dtype: torch.dtype = torch.float16, **facts: float | int | str
) -> None:
    """Write the weights in `dtype` with the sizes and some facts about them (where they come from, how they scored)."""
    metadata = {"shape": json.dumps(network.shape.as_dict()), "facts": json.dumps(facts)}
    tensors = {name: value.detach().to(dtype).contiguous().cpu() for name, value in network.state_dict().items()}
    save_file(tensors, path, metadata)


def load_network(path: Path = SHIPPED, recurrence: Recurrences = own_recurrence) -> Pretrained:
    """Read a network that `save_network` wrote, to compute in float32.

    Raises ModelFileError where the file is missing, is not such a file, or its weights do not fit its sizes.
    """
    try:
        with safe_open(path, "pt") as stored:
            metadata = stored.metadata() or {}
            tensors = {name: stored.get_tensor(name).float() for name in stored.keys()}  # noqa: SIM118, not a dict
        network = Pretrained(Shape(**json.loads(metadata["shape"])), recurrence)
        network.load_state_dict(tensors)
    except (OSError, SafetensorError, KeyError, TypeError, ValueError, RuntimeError) as error:
        raise ModelFileError(f"{path} holds no pretrained forecaster: {error}") from error
    return network.eval().requires_grad_(False)


@cache
def shipped() -> Pretrained:
    """The network that comes with the package, read once."""
    return load_network()
