"""Windows see what stands around a step, and nothing of the neighbouring sequence."""

from __future__ import annotations

import numpy as np
import pytest

from recurra.data.examples.ragged import Ragged
from recurra.errors import InputError
from recurra.evaluation.labelled import windows
from recurra.evaluation.labelled.windows import SymbolWindow, fit_usual_tag, fit_window, neighbours

RNG = np.random.default_rng(0)
TOKENS = Ragged.of([RNG.integers(0, 4, size=n) for n in RNG.integers(1, 30, size=80)])


def previous_symbol(tokens: Ragged) -> np.ndarray:
    """The tag of a step is the symbol before it; 4 at the start."""
    return np.concatenate([np.append(4, tokens[i][:-1])[: len(tokens[i])] for i in range(len(tokens))])


def test_neighbours() -> None:
    tokens = Ragged.of([[10, 11], [], [20]])
    seen = [np.where(inside, tokens.values[steps], -1).tolist() for steps, inside in neighbours(tokens, 3)]
    assert seen == [[-1, 10, -1], [10, 11, 20], [11, -1, -1]]
    with pytest.raises(InputError, match="width=4 must be odd"):
        next(neighbours(tokens, 4))


def test_usual_tag_is_the_most_frequent_one() -> None:
    tags = RNG.integers(0, 3, size=len(TOKENS.values))
    said = fit_usual_tag(TOKENS, tags, 3).outputs(TOKENS).argmax(axis=1)
    for symbol in range(4):
        counts = np.bincount(tags[TOKENS.values == symbol], minlength=3)
        assert (counts[said[TOKENS.values == symbol]] == counts.max()).all()


def test_usual_tag_gives_shares_and_takes_all_for_what_it_never_saw() -> None:
    model = fit_usual_tag(Ragged.of([[7] * 999, [8]]), [0] * 333 + [1] * 666 + [-1], 2)
    np.testing.assert_allclose(np.exp(model.outputs(Ragged.of([[7], [8], [9]]))), [[1 / 3, 2 / 3]] * 3, rtol=1e-2)


def test_a_window_sees_the_symbol_before_and_a_single_step_does_not() -> None:
    tags = previous_symbol(TOKENS)
    train, test = np.arange(40), np.arange(40, 80)
    parts = Ragged(tags, TOKENS.offsets)
    for width, least, most in ((17, 0.98, 1.0), (1, 0.0, 0.5)):
        model = fit_window(TOKENS.take(train), parts.take(train).values, 5, width=width)
        right = model.outputs(TOKENS.take(test)).argmax(axis=1) == parts.take(test).values
        assert least <= right.mean() <= most


def test_sequences_do_not_see_each_other() -> None:
    model = fit_window(TOKENS, previous_symbol(TOKENS), 5)
    alone = np.vstack([model.outputs(TOKENS.take([i])) for i in range(len(TOKENS))])
    np.testing.assert_allclose(model.outputs(TOKENS), alone)


def test_missing_tags_are_left_out() -> None:
    tags = previous_symbol(TOKENS)
    tags[::2] = -1
    model = fit_window(TOKENS, tags, 5)
    right = model.outputs(TOKENS).argmax(axis=1) == previous_symbol(TOKENS)
    assert right.mean() > 0.98


def test_of_a_large_vocabulary_the_most_frequent(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "MOST_COEFFICIENTS", 3 * 2 * 2)
    tokens = Ragged.of([[5, 5, 5, 9, 9, 1]])
    model = fit_window(tokens, [0, 0, 0, 1, 1, 1], 2, width=3)
    assert isinstance(model, SymbolWindow)
    assert model.symbols.tolist() == [5, 9]
    np.testing.assert_array_equal(model.outputs(Ragged.of([[1]])), model.outputs(Ragged.of([[77]])))


def test_of_many_steps_a_part(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(windows, "MOST_STEPS", 300)
    tags = previous_symbol(TOKENS)
    model = fit_window(TOKENS, tags, 5, width=3)
    assert (model.outputs(TOKENS).argmax(axis=1) == tags).mean() > 0.98


def test_values_with_gaps_and_any_unit() -> None:
    series = Ragged(RNG.normal(size=(len(TOKENS.values), 2)), TOKENS.offsets)
    before = np.concatenate([np.append(0.0, series[i][:-1, 1]) for i in range(len(series))])
    tags = (before > 0).astype(int)
    model = fit_window(series, tags, 2, width=5)
    assert (model.outputs(series).argmax(axis=1) == tags).mean() > 0.95
    moved = Ragged(1e6 + 1e3 * series.values, series.offsets)
    np.testing.assert_allclose(fit_window(moved, tags, 2, width=5).outputs(moved), model.outputs(series), atol=0.02)
    series.values[::7] = np.nan
    gaps = fit_window(series, tags, 2, width=5).outputs(series)
    assert np.isfinite(gaps).all()
    assert (gaps.argmax(axis=1) == tags).mean() > 0.8


def test_refusals() -> None:
    with pytest.raises(InputError, match=r"tags has shape \(3,\), but there are 2 steps"):
        fit_usual_tag(Ragged.of([[1, 2]]), [0, 0, 0], 2)
    with pytest.raises(InputError, match="tags holds no known tag"):
        fit_window(Ragged.of([[1, 2]]), [-1, -1], 2)


def test_of_wide_series_fewer_steps_are_learnt_from(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = []

    def spy(x: np.ndarray, y: np.ndarray, classes: int) -> tuple[np.ndarray, np.ndarray]:
        sizes.append(x.size)
        return np.zeros((x.shape[1], classes)), np.zeros(classes)

    monkeypatch.setattr(windows, "fit_softmax", spy)
    monkeypatch.setattr(windows, "MOST_CELLS", 1000)
    fit_window(Ragged.of([RNG.normal(size=(200, 9))]), np.arange(200) % 2, 2, width=5)
    assert sizes == [1000]
