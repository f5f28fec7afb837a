from __future__ import annotations

import pandas as pd
import pytest

from recurra.data.time.frequency import from_microseconds, parse_frequency
from recurra.errors import InputError


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ("h", "h"), ("H", "h"), ("60min", "h"), ("15T", "15min"), ("30 min", "30min"), ("24h", "D"), ("d", "D"),
        ("W", "W-SUN"), ("w-mon", "W-MON"), ("2W", "2W-SUN"), ("M", "ME"), ("MS", "MS"), ("ms", "ms"), ("Q", "QE-DEC"),
        ("QS-OCT", "QS-OCT"), ("A-JUN", "YE-JUN"), ("YS", "YS-JAN"), ("monthly", "MS"), ("B", "B"), ("90s", "90s"),
    ],
)  # fmt: skip
def test_aliases_have_one_canonical_form(written: str, canonical: str) -> None:
    assert str(parse_frequency(written)) == canonical
    assert str(parse_frequency(canonical)) == canonical
    pd.tseries.frequencies.to_offset(canonical)  # pandas understands it too


@pytest.mark.parametrize("wrong", ["", "fortnight", "0D", "-1h", "2B", "W-JAN", "QS-MON", "D-MON", "m", "1.5h", "30"])
def test_anything_else_is_refused(wrong: str) -> None:
    with pytest.raises(InputError, match=r"not understood: expected a pandas alias .*freq="):
        parse_frequency(wrong)


def test_lengths() -> None:
    assert parse_frequency("2QS").months == 6
    assert parse_frequency("2QS").microseconds is None
    assert str(from_microseconds(90_000_000)) == "90s"
    assert str(from_microseconds(5_400_000_000)) == "90min"
