"""Whether somebody listens to a layer's calls, so that none of them may be left out."""

from __future__ import annotations

from typing import Any

from torch.nn.modules import module as torch_module

_HOOKS = ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks")


def is_watched(layer: Any) -> bool:
    """Whether the layer, or every module, has hooks, or somebody has put a `call` of their own on it."""
    if "call" in vars(layer) or torch_module._has_any_global_hook():
        return True
    return any(getattr(layer, name) for name in _HOOKS)
