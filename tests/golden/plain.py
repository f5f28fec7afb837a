"""Frames, arrays and labels as plain JSON, and back: what a golden file was asked and what it said."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

RELATIVE, ABSOLUTE = 2e-5, 1e-6  # of networks in 32 bits, summed in another order


def plain(value: Any) -> Any:
    """A frame, an array, labels or lists of them as plain JSON.

    >>> plain(np.array([1, 2]))
    {'array': [1, 2], 'dtype': 'int64'}
    """
    if isinstance(value, pd.DataFrame):
        return {"frame": [[plain(name), plain(value[name])] for name in value.columns]}
    if isinstance(value, pd.Series):
        if isinstance(value.dtype, pd.DatetimeTZDtype):
            return {"times": [str(each) for each in value.dt.tz_convert("UTC")], "zone": str(value.dt.tz)}
        if value.dtype.kind == "M":
            return {"times": [str(each) for each in value], "zone": None}
        kind = "object" if value.dtype.kind not in "biuf" else str(value.dtype)
        return {"column": [plain(each) for each in value.tolist()], "dtype": kind}
    if isinstance(value, np.ndarray):
        return {"array": plain(value.tolist()), "dtype": str(value.dtype) if value.dtype.kind in "biuf" else "object"}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {"dict": [[plain(key), plain(each)] for key, each in value.items()]}
    if isinstance(value, np.generic):
        return value.item()
    return value


def back(value: Any) -> Any:
    """What `plain` was given; tuples come back as lists.

    >>> back(plain(pd.DataFrame({"a": [1.5], "b": [[1, 2]]}))).to_dict("list")
    {'a': [1.5], 'b': [[1, 2]]}
    """
    if isinstance(value, list):
        return [back(each) for each in value]
    if not isinstance(value, dict):
        return value
    if "frame" in value:
        columns = [(back(name), back(column)) for name, column in value["frame"]]
        return pd.DataFrame(dict(columns))
    if "times" in value:
        times = pd.to_datetime(pd.Series(value["times"]), utc=value["zone"] is not None, format="ISO8601")
        return times if value["zone"] is None else times.dt.tz_convert(value["zone"])
    if "column" in value:
        return pd.Series([back(each) for each in value["column"]], dtype=value["dtype"])
    if "array" in value:
        return np.array(back(value["array"]), dtype=value["dtype"])
    return {back(key): back(each) for key, each in value["dict"]}


def difference(found: Any, kept: Any, place: str = "") -> str | None:
    """Where two plain values differ by more than rounding, in words; None where they do not.

    >>> difference({"array": [1.0], "dtype": "float32"}, {"array": [1.0000001], "dtype": "float64"})
    >>> difference([1, "a"], [1, "b"])
    "/1 is 'a', and was 'b'"
    """
    if isinstance(found, dict) and isinstance(kept, dict):
        if found.keys() != kept.keys():
            return f"{place} has {sorted(found)}, and had {sorted(kept)}"
        pairs = [(key, found[key], kept[key]) for key in kept if key != "dtype"]
    elif isinstance(found, list) and isinstance(kept, list):
        if len(found) != len(kept):
            return f"{place} has {len(found)} entries, and had {len(kept)}"
        pairs = [(k, *pair) for k, pair in enumerate(zip(found, kept, strict=True))]
    elif isinstance(found, float) and isinstance(kept, float):
        close = math.isclose(found, kept, rel_tol=RELATIVE, abs_tol=ABSOLUTE) or (found != found and kept != kept)
        return None if close else f"{place} is {found!r}, and was {kept!r}"
    else:
        return None if type(found) is type(kept) and found == kept else f"{place} is {found!r}, and was {kept!r}"
    return next((d for key, a, b in pairs if (d := difference(a, b, f"{place}/{key}"))), None)
