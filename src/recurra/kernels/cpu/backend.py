"""The C++ engine as a backend: which calls it takes, and its two passes."""

from __future__ import annotations

import torch
from torch import _C, Tensor
from torch.autograd import forward_ad

from recurra.cells import Cell
from recurra.kernels.contract import being_recorded
from recurra.kernels.cpu import checking as checking  # switched on by its variable
from recurra.kernels.cpu.passes import CELLS, backward_pass, forward_pass

DTYPES = frozenset({torch.float32, torch.float64, torch.bfloat16})
_PLAIN_TYPES = frozenset({Tensor, torch.nn.Parameter})


class Engine:
    """The C++ engine: float32, float64 and bfloat16 on a CPU, for the cells that it has a header of."""

    name, packs = "cpu", True

    def why_not(self, cell: Cell, x: Tensor, weight: Tensor) -> str | None:
        """Why it cannot take calls of this cell on such tensors; None where it can."""
        if x.dtype not in DTYPES or not x.is_cpu or x.layout is not torch.strided:
            return f"the engine takes float32, float64 and bfloat16 on a CPU, and this is {x.dtype} on {x.device}"
        if type(x) not in _PLAIN_TYPES or type(weight) not in _PLAIN_TYPES:
            return f"a {type(x).__name__} and weights of type {type(weight).__name__} are not plain tensors"
        if cell.variant not in CELLS:
            return f"the engine has no kernel for {cell!r}"
        if _C._are_functorch_transforms_active() or forward_ad._current_level >= 0:
            return "a transform of torch.func or forward-mode differentiation is active"
        if (_C._get_tracing_state() is not None or _C._len_torch_dispatch_stack()) and not being_recorded.get():
            return "torch is tracing or listening to every operation"
        return "the input is a view with a negated sign" if x.is_neg() else None

    forward = staticmethod(forward_pass)
    backward = staticmethod(backward_pass)


ENGINE = Engine()
