"""One line for a model that exists: its torch.nn layers become ours, and back."""

from __future__ import annotations

from typing import TypeVar

from torch import nn

from recurra.errors import InputError
from recurra.nn.drop_in import DropInLayer
from recurra.nn.recurrent import GRU, LSTM, RNN

Model = TypeVar("Model", bound=nn.Module)

OURS: dict[type[nn.Module], type[DropInLayer]] = {nn.RNN: RNN, nn.LSTM: LSTM, nn.GRU: GRU}


def accelerate(model: Model) -> Model:
    """Let every torch.nn.RNN, LSTM and GRU of a model run on Recurra's kernels, in place; the same model comes back.

    Each layer keeps its identity, parameters, hooks and results: only its class changes. The model itself may be such
    a layer. Subclasses of torch.nn's layers are left alone, since they may have a forward of their own, and so are
    layers with a parametrisation: accelerate a model before `torch.nn.utils.parametrize`.

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
        if type(module) in OURS:
            module.__class__ = OURS[type(module)]  # pyright: ignore[reportAttributeAccessIssue]  # of one layout
    return model


def restore(model: Model) -> Model:
    """Undo `accelerate`, in place: every layer of ours that torch.nn has too becomes torch.nn's again.

    Layers with options that torch.nn lacks (layer norm, peepholes, regularisation, another form of the cell) stay.
    Call it before `torch.ao.quantization`, which looks for torch.nn's own classes.

    >>> import torch
    >>> import recurra as rc
    >>> type(rc.restore(rc.accelerate(torch.nn.GRU(3, 5)))) is torch.nn.GRU
    True
    """
    _expect_module(model)
    for module in model.modules():
        if isinstance(module, DropInLayer) and type(module) in OURS.values() and module.is_plain:
            module.__class__ = module.TORCH  # pyright: ignore[reportAttributeAccessIssue]  # of one layout
    return model


def _expect_module(model: nn.Module) -> None:
    if not isinstance(model, nn.Module):
        raise InputError(f"model is of type {type(model).__name__}: expected a torch.nn.Module")
