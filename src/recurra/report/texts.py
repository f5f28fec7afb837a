"""Values as texts, for the tables of a page."""

from __future__ import annotations

import numpy as np
import pandas as pd

from recurra.formatting import NumberStyle
from recurra.language import _, listing


def text_of(value: object) -> str:
    """A value as text; "" for a missing one."""
    missing = value is None or value is pd.NA or (isinstance(value, float) and np.isnan(value))
    return "" if missing else str(value)


def shortened(text: str, limit: int = 240) -> str:
    """The text on one line; of a long one the beginning and the end."""
    line = " ".join(text.split())
    return line if len(line) <= limit else f"{line[: limit - limit // 4]} … {line[-(limit // 4) :]}"


def labelled(value: object, style: NumberStyle | None = None) -> str:
    """A label, a set of labels or a number, as text."""
    if style is not None and isinstance(value, int | float):
        return style.text(float(value))
    if isinstance(value, list | tuple | set | frozenset):
        return listing(sorted(map(str, value))) or _("(none)")
    return text_of(value)


def isolated(text: object) -> str:
    """A user's text inside a sentence, whatever the direction of its letters (as `<bdi>`)."""
    return f"\u2068{text}\u2069"
