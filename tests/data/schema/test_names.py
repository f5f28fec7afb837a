from __future__ import annotations

import pytest

from recurra.data.schema.names import alike, counted, part_of, require_columns, shown, words_in
from recurra.errors import InputError


def test_a_missing_column_is_answered_with_the_nearest_one() -> None:
    expected = r"column 'unit' is not in sales.csv: did you mean 'Units'\? Columns: day, Units; name it with target=."
    with pytest.raises(InputError, match=expected):
        require_columns(["unit"], ["day", "Units"], "sales.csv", "target=")
    with pytest.raises(InputError, match=r"column 'xyz' is not in sales.csv. Columns: day, Units"):
        require_columns(["xyz"], ["day", "Units"], "sales.csv", "target=")
    require_columns(["day"], ["day", "Units"], "sales.csv", "target=")


def test_alike() -> None:
    assert alike(["V2", "V3", "V10"])
    assert alike(["0", "1", "2"])
    assert alike(["store_1", "store_2"])
    assert not alike(["HUFL", "HULL", "OT"])
    assert not alike(["V2"])
    assert not alike(["V2", "W3"])
    assert not alike(["temp", "V2"])


def test_words() -> None:
    assert part_of("Hour") == "hour"
    assert part_of("月") == "month"
    assert part_of("units") is None
    assert {"pickup", "date"} <= words_in("PickupDate")
    assert shown(["a", "b", "c"], 2) == "a, b and 1 more"
    assert counted(1, "row") == "1 row"
    assert counted(1200, "row") == "1,200 rows"
