"""One line for a model that exists: its torch.nn layers become ours, and back."""

from __future__ import annotations

from typing import TypeVar

from torch import nn
from torch.nn.utils import parametrize

from recurra.errors import InputError
from recurra.nn.drop_in import DropInLayer
from recurra.nn.recurrent import GRU, LSTM, RNN

Model = TypeVar("Model", bound=nn.Module)

OURS: dict[type[nn.Module], type[DropInLayer]] = {nn.RNN: RNN, nn.LSTM: LSTM, nn.GRU: GRU}


def accelerate(model: Model) -> Model:
    """Let every torch.nn.RNN, LSTM and GRU of a model run on Recurra's kernels, in place; the same model comes back.

    Each layer keeps its identity, parameters, hooks and results: only its class changes, of a layer with a
    parametrisation (`torch.nn.utils.parametrize`) that which it stands on. The model itself may be such a layer.
    Subclasses of torch.nn's layers are left alone, since they may have a forward of their own.

    >>> import torch
    >>> import recurra as rc
    >>> model = torch.nn.Sequential(torch.nn.LSTM(3, 5))
    >>> rc.accelerate(model)[0]
    LSTM(3, 5)
    >>> isinstance(model[0], rc.nn.LSTM), isinstance(model[0], torch.nn.LSTM)
    (True, True)
    """
    _expect_module(model)
    for module in model.modules():
        found = _layer_class(module)
        if found in OURS:
            _become(module, OURS[found])
    return model


def restore(model: Model) -> Model:
    """Undo `accelerate`, in place: every layer of ours that torch.nn has too becomes torch.nn's again.

    So does a layer that was given a parametrisation meanwhile, such as weight_norm, which it keeps. Layers with options
    that torch.nn lacks (layer norm, peepholes, regularisation, another form of the cell) stay.
    Call it before `torch.ao.quantization`, which looks for torch.nn's own classes.

    >>> import torch
    >>> import recurra as rc
    >>> type(rc.restore(rc.accelerate(torch.nn.GRU(3, 5)))) is torch.nn.GRU
    True
    """
    _expect_module(model)
    for module in model.modules():
        if isinstance(module, DropInLayer) and _layer_class(module) in OURS.values() and module.is_plain:
            _become(module, module.TORCH)
    return model


def _layer_class(module: nn.Module) -> type[nn.Module]:
    """The class of a layer; of one with a parametrisation that which torch has made the layer's own class from."""
    kind = type(module)
    return kind.__bases__[0] if parametrize.is_parametrized(module) and len(kind.__bases__) == 1 else kind


def _become(module: nn.Module, kind: type[nn.Module]) -> None:
    """Change the class of a layer to another of one layout; a parametrised layer gets a class of its own again.

    A new one, because copies of a module share the class in which torch keeps its parametrised weights.
    """
    own = type(module)
    if parametrize.is_parametrized(module):
        parts = {name: value for name, value in vars(own).items() if name not in ("__dict__", "__weakref__")}
        kind = type(own.__name__, (kind,), parts)
    module.__class__ = kind  # pyright: ignore[reportAttributeAccessIssue]


def _expect_module(model: nn.Module) -> None:
    if not isinstance(model, nn.Module):
        raise InputError(f"model is of type {type(model).__name__}: expected a torch.nn.Module")
