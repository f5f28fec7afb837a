"""Whether a call is answered as torch.nn or the reference answers it, or refused in words."""

from __future__ import annotations

import copy
import warnings
from dataclasses import replace
from typing import Any

import torch
from tests.fuzz.calls import Call
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

import recurra as rc

TOLERANCE = {torch.float32: 1e-3, torch.float64: 1e-9, torch.bfloat16: 0.2, torch.float16: 0.05}
FEW_BITS = (torch.bfloat16, torch.float16)
BAD = ("stricter", "laxer", "different", "unclear")
REFUSALS = (ValueError, RuntimeError, TypeError, IndexError, NotImplementedError, AttributeError)


def answer(call: Call, backend: str, seed: int) -> list[Tensor] | Exception:
    """Results and the gradients of all parameters, or the refusal."""
    torch.manual_seed(seed)
    try:
        with rc.backend(backend), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            results = call()
            parameters = list(call.layer.parameters())
            used = [result for result in results if result.requires_grad]
            ones = [torch.ones_like(result) for result in used]
            grads = torch.autograd.grad(used, parameters, ones, allow_unused=True, materialize_grads=True)
    except REFUSALS as refusal:
        return refusal
    return [result.detach() for result in results] + list(grads)


def verdict_of(call: Call, seed: int) -> tuple[str, str]:
    """("right" | "refused" | "stricter" | "laxer" | "different" | "unclear", what happened)."""
    ours = answer(call, "auto", seed)
    # torch.nn itself may write out of bounds where a weight has another shape (pytorch#195547)
    torchs = call.layer.is_plain and call.lengths is None and call.wrong != "weight"
    theirs = answer(call, "torch" if torchs else "reference", seed)
    if isinstance(ours, Exception):
        text = str(ours)
        if len(text) < 10 or text.startswith("bad "):
            return "unclear", repr(ours)
        return ("refused" if isinstance(theirs, Exception) else "stricter"), repr(ours)
    if isinstance(theirs, Exception):
        return "laxer", repr(theirs)
    right = _agree(call, ours, theirs) or (
        call.layer.weight_ih_l0.dtype in FEW_BITS and _agree(call, ours, exact(call, seed))
    )
    return ("right" if right else "different"), ""


def exact(call: Call, seed: int) -> list[Tensor]:
    """The reference's answer in float64, as of the call's own type.

    It has the last word on types of few bits: torch's bfloat16 on AMX carries a NaN over into the row before.
    """

    def double(value: Any) -> Any:
        if isinstance(value, PackedSequence):
            return value._replace(data=value.data.double())
        return tuple(map(double, value)) if isinstance(value, tuple) else None if value is None else value.double()

    wide = replace(call, layer=copy.deepcopy(call.layer).double(), input=double(call.input), hx=double(call.hx))
    found = answer(wide, "reference", seed)
    if isinstance(found, Exception):
        raise found
    return [tensor.to(call.layer.weight_ih_l0.dtype) for tensor in found]


def _agree(call: Call, ours: list[Tensor], theirs: list[Tensor]) -> bool:
    """The same kinds of tensors with the same NaN, and the same numbers as far as rounding lets it be seen."""
    x = call.input.data if isinstance(call.input, PackedSequence) else call.input
    results = 2 if call.layer.mode != "LSTM" else 3
    # Beside huge numbers a saturated gate's last bit decides; beside rounding, whether a unit of relu is at zero.
    tame = bool(x.isfinite().all() and (not x.numel() or x.abs().max() < 1e6))
    rough = x.dtype in (torch.bfloat16, torch.float16) and (call.layer.mode == "RNN_RELU" or call.layer.layer_norm)
    rough |= call.layer.layer_norm and call.layer.hidden_size == 1  # torch's gradient through the norm of one number
    kept = call.layer.regularisation is not None  # zoneout that keeps an old value beside a NaN: k h + (1 - k) NaN
    kept |= call.layer.layer_norm and not tame  # squares beyond the type's range: torch may keep more digits inside
    for i, (a, b) in enumerate(zip(ours, theirs, strict=True)):
        if a.shape != b.shape or a.dtype != b.dtype or a.device != b.device:
            return False
        if i < results and not kept and not torch.equal(a.isnan(), b.isnan()):
            return False
        if tame and a.numel() and not (rough and i >= results):
            difference = (a.double() - b.double()).abs().max()
            # a layer norm divides by a spread that may be as small as its rounding
            allowed = TOLERANCE[x.dtype] * (10 if call.layer.layer_norm else 1)
            if not difference <= allowed * (1 + b.double().abs().max()):
                return False
    return True
