"""Logs out of tables: what is understood, and what is refused with the row."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recurra.data.events.log import merged
from recurra.data.events.reader import EventReader, clock_inputs, has_clock, windows
from recurra.data.events.reading import EventColumns, log_of, read_events, refuse_short, understand_events
from recurra.errors import InputError


def clicks(**columns: object) -> pd.DataFrame:
    found = {"SessionId": [1, 1, 2, 1], "ItemId": [7, 9, 7, 8], "ts": [1.4e9, 1.4e9 + 60, 1.4e9, 1.4e9 + 30]}
    return pd.DataFrame(found | columns)


def test_columns_are_detected_and_histories_sorted() -> None:
    columns = understand_events(clicks(price=[1.0, 2.0, 3.0, 4.0]))
    assert (columns.user, columns.item, columns.time, columns.context) == ("SessionId", "ItemId", "ts", ("price",))
    log, facts = read_events(clicks(), EventColumns("ItemId", "SessionId", "ts"))
    assert log.items.tolist() == ["7", "8", "9", "7"]
    assert log.lengths.tolist() == [3, 1]
    assert log.rows.tolist() == [0, 3, 1, 2]
    assert any("row 4" in fact.value for fact in facts)  # the first that is out of order


def test_a_table_without_an_item_names_the_flag() -> None:
    with pytest.raises(InputError, match="item="):
        understand_events(pd.DataFrame({"a": [1, 2], "b": [3, 4]}))


def test_seconds_and_milliseconds_are_not_mixed() -> None:
    with pytest.raises(
        InputError, match=r"seconds \(1400000000 in row 1\) and milliseconds \(1400000000000 in row 3\)"
    ):
        read_events(clicks(ts=[1.4e9, 1.4e9, 1.4e12, 1.4e9]), EventColumns("ItemId", "SessionId", "ts"))
    milli = read_events(clicks(ts=[1.4e12, 1.4e12 + 500, 1.4e12, 1.4e12]), EventColumns("ItemId", "SessionId", "ts"))[0]
    assert milli.times is not None
    assert milli.times.max() == 1.4e9 + 0.5


def test_an_item_that_is_a_number_and_a_word() -> None:
    frame = clicks(ItemId=pd.Series([7, "x", "7.0", 8], dtype=object))
    with pytest.raises(InputError, match=r"7 \(row 1\) and '7.0' \(row 3\)"):
        read_events(frame, EventColumns("ItemId", "SessionId", "ts"))


def test_rows_without_an_item_or_a_history_are_left_out_where_asked() -> None:
    """And those that are kept have the numbers that they have in the file."""
    table = clicks(ItemId=[7, None, 7, 8], SessionId=[1, 1, 2, 1]).iloc[[1, 0, 2, 3]].reset_index(drop=True)
    with pytest.raises(InputError, match=r"empty in row 1 \(1 of 4 rows\): fill it, or leave .* out with empty='drop'"):
        log_of(table, {})
    log, columns, facts = log_of(table, {"empty": "drop"})
    assert columns is not None
    assert columns.empty == "drop"
    assert log.rows.tolist() == [1, 3, 2]
    assert log.items.tolist() == ["7", "8", "7"]
    assert {fact.label: fact.value for fact in facts}["dropped"] == "1 row without ItemId"
    listed, _columns, _facts = log_of([["a", None, "b"], ["c", "a"]], {"empty": "drop"})
    assert listed.items.tolist() == ["a", "b", "c", "a"]
    with pytest.raises(InputError, match="empty is 'keep': expected refuse or drop"):
        log_of(table, {"empty": "keep"})


def test_an_empty_cell_names_its_row() -> None:
    with pytest.raises(InputError, match="empty in row 2"):
        read_events(clicks(ItemId=[7.0, np.nan, 7, 8]), EventColumns("ItemId", "SessionId", "ts"))


def test_repeats_are_read_once_unless_they_are_kept() -> None:
    frame = clicks(SessionId=[1, 1, 1, 1], ItemId=[7, 7, 8, 8], ts=[1.4e9, 1.4e9, 1.4e9, 1.4e9 + 1])
    assert len(read_events(frame, EventColumns("ItemId", "SessionId", "ts"))[0]) == 3
    assert len(read_events(frame, EventColumns("ItemId", "SessionId", "ts", repeats="keep"))[0]) == 4


def test_one_event_per_user_is_refused() -> None:
    columns = EventColumns("ItemId", "SessionId", "ts")
    log = read_events(clicks(SessionId=[1, 2, 3, 4]), columns)[0]
    with pytest.raises(InputError, match="SessionId of clicks has one event"):
        refuse_short(log, columns, "clicks")


def test_shuffled_ties_move_nothing_else() -> None:
    frame = clicks(SessionId=[1] * 4, ItemId=[1, 2, 3, 4], ts=[1.4e9, 1.4e9, 1.4e9, 1.4e9 + 5])
    log = read_events(frame, EventColumns("ItemId", "SessionId", "ts"))[0]
    assert log.tied.tolist() == [True, True, True, False]
    orders = {tuple(log.shuffled_ties(seed).items.tolist()) for seed in range(20)}
    assert len(orders) > 1
    assert {order[-1] for order in orders} == {"4"}


def test_logs_of_the_same_users_are_joined() -> None:
    log = read_events(clicks(), EventColumns("ItemId", "SessionId", "ts"))[0]
    both = merged(log, log)
    assert both.items.tolist() == ["7", "8", "9", "7", "8", "9", "7", "7"]
    assert both.lengths.tolist() == [6, 2]


def test_windows_make_every_event_a_target_once() -> None:
    offsets = np.array([0, 1, 8, 8, 10])
    starts, ends = windows(offsets, 3)
    targets = np.concatenate([np.arange(start + 1, end) for start, end in zip(starts, ends, strict=True)])
    assert targets.tolist() == [2, 3, 4, 5, 6, 7, 9]


def test_a_reader_knows_the_training_part_and_the_catalogue() -> None:
    log = read_events(clicks(), EventColumns("ItemId", "SessionId", "ts"))[0]
    catalogue = pd.DataFrame({"kind": ["a", "b", "b", "a"]}, index=["7", "8", "9", "11"])
    reader = EventReader.learn(log, catalogue)
    assert reader.items == ("7", "8", "9", "11")
    assert reader.seen == 3
    assert reader.codes(np.array(["9", "12"], dtype=object)).tolist() == [3, 0]
    assert reader.item_features.tolist() == [[1, 0], [0, 1], [0, 1], [1, 0]]
    gaps = reader.encode(log).gaps
    assert np.isnan(gaps).tolist() == [True, False, False, True]
    assert gaps[1] == pytest.approx(np.log1p(30))


@pytest.mark.parametrize(
    ("user", "item", "time"),
    [("uid", "sku", "when"), ("用户编号", "商品", "下单时间"), ("客户ID", "product_id", "zz")],
)
def test_columns_are_detected_in_other_words(user: str, item: str, time: str) -> None:
    frame = pd.DataFrame(
        {"n": [214507331, 214507332], user: [1, 1], item: [214507331, 5], time: [1700000000000, 1700000000001]}
    )
    columns = understand_events(frame)
    assert (columns.user, columns.item, columns.time, columns.context) == (user, item, time, ("n",))


def test_dates_are_the_time_whatever_their_name() -> None:
    frame = pd.DataFrame({"zz": ["2024-05-01T10:00:00Z", "2024-05-02"], "item": [1, 2], "x": ["1-2", "3-4"]})
    assert understand_events(frame).time == "zz"


def test_one_long_history_is_told_where_a_column_might_say_whose_events_they_are() -> None:
    frame = pd.DataFrame({"who": [1, 2, 1], "item": ["a", "b", "c"]})
    facts = read_events(frame, understand_events(frame))[1]
    assert any("no column is known to say whose event a row is" in fact.value for fact in facts)


def test_the_time_of_day_and_the_day_of_the_week_are_read_of_dates_alone():
    monday = np.array([1_600_041_600.0 + 86_400 * day for day in range(40)])  # 2020-09-14 00:00
    assert has_clock(monday)
    assert not has_clock(monday[:5])
    assert not has_clock(np.arange(40.0))
    found = clock_inputs(np.array([monday[0], monday[7] + 21_600, np.nan]), 3)
    np.testing.assert_allclose(found[:, :2], [[0, 1], [1, 0], [0, 0]], atol=1e-6)
    assert found[:, 2:].sum(axis=1).tolist() == [1, 1, 0]
    assert found[0, 2:].argmax() == found[1, 2:].argmax()


def test_later_events_are_read_with_the_dates_of_those_learnt() -> None:
    days = pd.date_range("2024-01-20", periods=20, freq="D")
    table = pd.DataFrame({"user": "a", "item": [f"i{k % 4}" for k in range(20)], "time": days.strftime("%d/%m/%Y")})
    log, columns, _facts = log_of(table, {})
    assert columns is not None
    assert columns.time_format == "%d/%m/%Y"
    later = table.iloc[12:20]  # the first to the eighth of February: either way is possible
    same, other = read_events(later, columns)[0].times, log_of(later, {"day_first": False})[0].times
    assert log.times is not None
    assert same is not None
    assert other is not None
    assert (same == log.times[12:20]).all()
    assert other[2] > log.times[14]
