"""Tables whose cells may be lists, as files hold them: CSV and JSON lines."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd


def cell_text(frame: pd.DataFrame) -> pd.DataFrame:
    """Lists as a CSV file can hold them: words with a blank between them, anything else as JSON."""
    lists = [name for name in frame if frame[name].map(_is_list).any()]
    return frame.assign(**{str(name): frame[name].map(_as_text) for name in lists}) if lists else frame


def json_lines(frame: pd.DataFrame) -> str:
    """An object per line, lists as lists."""
    columns = [str(name) for name in frame]
    rows = zip(*(frame[name].tolist() for name in frame), strict=True)
    return "".join(
        f"{json.dumps(dict(zip(columns, map(_plain, row), strict=True)), ensure_ascii=False)}\n" for row in rows
    )


def _is_list(cell: object) -> bool:
    return isinstance(cell, list | np.ndarray)


def _as_text(cell: Any) -> Any:
    if not _is_list(cell):
        return cell
    items: Sequence[Any] = cell.tolist() if isinstance(cell, np.ndarray) else cell
    words = all(isinstance(item, str) and item and not any(map(str.isspace, item)) for item in items)
    return " ".join(items) if words else json.dumps(items, ensure_ascii=False)


def _plain(cell: Any) -> Any:
    """A cell as JSON has it: nothing for what is missing, nine digits of a number."""
    if isinstance(cell, np.ndarray):
        return cell.tolist()
    if isinstance(cell, float):
        return float(f"{cell:.9g}") if np.isfinite(cell) else None
    if cell is pd.NA or cell is pd.NaT:
        return None
    if isinstance(cell, pd.Timestamp | pd.Period):
        return str(cell)
    return cell.item() if isinstance(cell, np.generic) else cell
