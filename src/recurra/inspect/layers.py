"""The recurrent layers of any PyTorch model: found, named, and for a while computed by the reference kernel."""

from __future__ import annotations

import contextlib
import random
import sys
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import nn

from recurra.errors import InputError
from recurra.kernels import backend
from recurra.nn.accelerate import OURS
from recurra.nn.drop_in import DropInLayer
from recurra.nn.layer import RecurrentLayer

CELLS = (nn.RNNCell, nn.LSTMCell, nn.GRUCell)


def _is_known(module: nn.Module) -> bool:
    return isinstance(module, RecurrentLayer) or type(module) in (*OURS, *CELLS)


def is_recurrent(model: nn.Module) -> bool:
    """Whether it has a recurrent layer or cell that can be looked into."""
    return any(map(_is_known, model.modules()))


def recurrent_layers(model: nn.Module) -> dict[str, nn.Module]:
    """The recurrent layers and cells of a model by name; the class stands for the name of the model itself.

    Raises InputError where `model` is no torch.nn.Module, or has none.
    """
    if not isinstance(model, nn.Module):
        raise InputError(f"model is of type {type(model).__name__}: expected a torch.nn.Module")
    found = {name or type(module).__name__: module for name, module in model.named_modules() if _is_known(module)}
    if not found and (others := not_inspected(model)):
        raise InputError(
            f"model has only recurrent layers that cannot be looked into: {', '.join(others)}. Expected the very "
            "classes of Recurra or torch.nn: remove parametrisations "
            "(torch.nn.utils.parametrize.remove_parametrizations), inspect before "
            "scripting, take torch.nn's class in place of a subclass, and of a Keras model the same "
            "layer from recurra.nn"
        )
    if not found:
        raise InputError(
            f"model is a {type(model).__name__} without a recurrent layer: expected one with a recurrent layer of "
            "Recurra or torch.nn in it, or a torch.nn cell"
        )
    return found


def not_inspected(model: nn.Module) -> list[str]:
    """The names and classes of recurrent layers with a computation that is not known here: subclasses and the like."""
    found = []
    for name, module in model.named_modules():
        kind = str(getattr(module, "original_name", type(module).__name__))  # as a scripted module has it
        known = _is_known(module)
        scripted = isinstance(module, torch.jit.ScriptModule) and kind in {"RNN", "LSTM", "GRU"}
        keras = type(module).__module__.startswith("recurra.keras") and kind in {"SimpleRNN", "LSTM", "GRU"}
        if not known and (isinstance(module, nn.RNNBase | nn.RNNCellBase) or scripted or keras):
            found.append(f"{name or 'the model'} (a {kind})")
    return found


def directed_names(name: str, layer: Any) -> list[str]:
    """A name for every layer and direction of a module, in the order in which they run."""
    if layer.num_layers == 1 and not layer.bidirectional:
        return [name]
    directions = ("", "_reverse") if layer.bidirectional else ("",)
    return [f"{name}.l{k}{direction}" for k in range(layer.num_layers) for direction in directions]


@contextlib.contextmanager
def computed_by_reference(layers: dict[str, nn.Module]) -> Iterator[None]:
    """Inside the `with` the layers run on the reference kernel, those of torch.nn too, and nothing is compiled."""
    ours = [module for module in layers.values() if type(module) in OURS]
    compiled = "torch._dynamo" in sys.modules
    try:
        for module in ours:
            module.__class__ = OURS[type(module)]  # pyright: ignore[reportAttributeAccessIssue]  # of one layout
        with backend("reference"), torch.compiler.set_stance("force_eager") if compiled else contextlib.nullcontext():
            yield
    finally:
        for module in ours:
            if isinstance(module, DropInLayer):  # `restore` may have run inside
                module.__class__ = module.TORCH  # pyright: ignore[reportAttributeAccessIssue]


@contextlib.contextmanager
def left_as_it_was(model: nn.Module) -> Iterator[None]:
    """Whatever happens inside the `with` to the model's buffers and to the random generators is undone.

    Those of torch (CPU, CUDA), NumPy and Python.
    """
    before = [(module, dict(module._buffers), set(module._non_persistent_buffers_set)) for module in model.modules()]
    drawn = random.getstate(), np.random.get_state()  # noqa: NPY002  # the global one is what a model may draw from
    devices = [parameter.device for parameter in model.parameters() if parameter.is_cuda]
    try:
        for module, buffers, _ in before:
            for name, buffer in buffers.items():
                module._buffers[name] = None if buffer is None else buffer.clone()
        with torch.random.fork_rng(devices=list(dict.fromkeys(devices))):
            yield
    finally:
        random.setstate(drawn[0])
        np.random.set_state(drawn[1])  # noqa: NPY002
        for module, buffers, passing in before:
            module._buffers.clear()
            module._buffers.update(buffers)
            module._non_persistent_buffers_set = passing
