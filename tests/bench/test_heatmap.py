"""The picture shows every number, slower and faster apart, and one without a ratio as what it is."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.bench.heatmap import colour, draw, heatmap_png, ratio_text

RATIOS = st.floats(0.01, 100)


def row(ratio: float | None = 2.0, **changes: Any) -> dict[str, Any]:
    usual = dict(cell="lstm", hidden=32, batch=1, steps=20, dtype="float32", mode="training", ratio=ratio)
    return {**usual, "refusal": None, **changes}


def texts(rows: list[dict[str, Any]]) -> list[str]:
    figure = draw(rows, title="Title", subtitle="Subtitle")
    return [text.get_text() for axes in figure.axes for text in axes.texts]


@pytest.mark.slow
def test_every_ratio_stands_in_its_cell() -> None:
    shown = texts([row(1.25), row(0.5, hidden=64), row(31.0, cell="gru"), row(None, steps=100, refusal="differs")])
    assert {"1.25×", "0.50×", "31×", "differs", "LSTM", "GRU", "B=1", "T=20", "T=100"} <= set(shown)


def test_a_panel_for_each_dtype_and_mode_with_its_mean() -> None:
    figure = draw([row(2.0), row(8.0, hidden=64), row(3.0, mode="inference")], title="", subtitle="")
    headings = [axes.get_title(loc="left") for axes in figure.axes]
    assert headings == ["training, float32\ngeometric mean 4.0×", "inference, float32\ngeometric mean 3.0×", ""]


def test_it_is_a_png() -> None:
    assert heatmap_png([row()], title="Title", subtitle="").startswith(b"\x89PNG\r\n")


def test_a_picture_of_refusals_alone_can_be_drawn() -> None:
    assert texts([row(None, refusal="differs")]).count("differs") == 1


@given(RATIOS)
def test_slower_is_warm_and_faster_is_cold(ratio: float) -> None:
    red, _, blue, _ = colour(ratio)
    if ratio > 1.1:
        assert blue > red
    elif ratio < 0.9:
        assert red > blue


@given(RATIOS)
def test_the_text_is_the_ratio_to_five_per_cent(ratio: float) -> None:
    assert math.isclose(float(ratio_text(ratio).removesuffix("×")), ratio, rel_tol=0.06, abs_tol=0.006)


@pytest.mark.parametrize("nothing", [None, math.nan])
def test_no_ratio_is_a_dash(nothing: float | None) -> None:
    assert ratio_text(nothing) == "—"
