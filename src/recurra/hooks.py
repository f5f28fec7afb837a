"""Whether somebody listens to a module's calls, so that none of them may be left out."""

from __future__ import annotations

from torch import nn
from torch.nn.modules import module as torch_module


def has_hooks(module: nn.Module) -> bool:
    """Whether the module, or every module, has hooks, forward or backward, before or after."""
    return bool(
        torch_module._has_any_global_hook()
        or module._forward_hooks
        or module._forward_pre_hooks
        or module._backward_hooks
        or module._backward_pre_hooks
    )
