"""Packages that only a part of Recurra needs, and what is said where one is not installed."""

from __future__ import annotations

import importlib.util

from recurra.errors import MissingPackageError
from recurra.language import _, mark

MISSING = {
    "fastapi": mark("the server needs FastAPI, which is not installed: pip install 'recurra[serve]'"),
    "redis": mark("shared sessions need redis, which is not installed: pip install 'recurra[serve]'"),
    "distributed": mark("several workers need Dask, which is not installed: pip install 'recurra[dask]'"),
    "matplotlib": mark("pictures need Matplotlib, which is not installed: pip install 'recurra[plots]'"),
    "onnx": mark("an export as ONNX needs onnx, which is not installed: pip install 'recurra[onnx]'"),
    "gymnasium": mark("environments need gymnasium, which is not installed: pip install 'recurra[play]'"),
    "captum": mark("explanations need Captum, which is not installed: pip install 'recurra[explain]'"),
    "jiwer": mark("word error rates need jiwer, which is not installed: pip install 'recurra[speech]'"),
    "pypinyin": mark("Chinese is read by pypinyin, which is not installed: pip install 'recurra[speech]'"),
    "sacrebleu": mark("translations are scored by sacreBLEU, which is not installed: pip install 'recurra[translate]'"),
    "optuna": mark("settings are searched by Optuna, which is not installed: pip install 'recurra[tune]'"),
    "holidays": mark("holidays of a country need holidays, which is not installed: pip install 'recurra[holidays]'"),
    "hierarchicalforecast": mark(
        "groups that add up need hierarchicalforecast, which is not installed: pip install 'recurra[hierarchy]'"
    ),
}


def require_package(module: str) -> None:
    """Raise MissingPackageError, which names the extra, where a package is not installed.

    >>> require_package("matplotlib")
    """
    if importlib.util.find_spec(module) is None:
        raise MissingPackageError(_(MISSING[module]))
