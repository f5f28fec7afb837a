"""Packages that only a part of Recurra needs: what is installed with which extra, and what is said where one lacks."""

from __future__ import annotations

import importlib.util

from recurra.errors import MissingPackageError

# By the name of the module: the extra that installs it, and what it is for.
EXTRAS = {
    "matplotlib": ("plots", "pictures need Matplotlib"),
    "captum": ("explain", "explanations need Captum"),
}


def require_package(module: str) -> None:
    """Raise MissingPackageError, which names the extra, where a package is not installed.

    >>> require_package("matplotlib")
    """
    extra, what = EXTRAS[module]
    if importlib.util.find_spec(module) is None:
        raise MissingPackageError(f"{what}, which is not installed: pip install 'recurra[{extra}]'")
