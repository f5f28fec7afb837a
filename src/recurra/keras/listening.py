"""Whether somebody listens to a layer's calls, so that none of them may be left out."""

from __future__ import annotations

from typing import Any

from recurra.hooks import has_hooks


def is_watched(layer: Any) -> bool:
    """Whether the layer, or every module, has hooks, or somebody has put a `call` of their own on it."""
    return "call" in vars(layer) or has_hooks(layer)
