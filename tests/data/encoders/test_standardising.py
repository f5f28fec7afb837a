"""Numbers as a network reads them: standardised by the training part alone, gaps and times beside them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from recurra.data.encoders.standardising import ArrayEncoder, ColumnEncoder, SeriesEncoder, moments
from recurra.data.examples.inputs import Series
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.steps import read_steps
from recurra.errors import InputError

RNG = np.random.default_rng(0)


def walks(count: int = 20, times: bool = False):
    series = [RNG.normal(5, 3, size=(int(n), 2)) for n in RNG.integers(1, 9, count)]
    return read_steps(series, "walk", [np.arange(len(s)) * 2.0 for s in series] if times else None)


def test_moments_are_numpy_s():
    values = RNG.normal(2, 7, size=(50, 3))
    values[::4, 1] = np.nan
    mean, spread = moments(values)
    np.testing.assert_allclose(mean, np.nanmean(values, axis=0))
    np.testing.assert_allclose(spread, np.nanstd(values, axis=0))


@pytest.mark.parametrize("size", [1e300, 1e-300, 1.7e308])
def test_moments_of_very_large_and_small_numbers(size):
    mean, spread = moments(np.array([[size], [-size]]))
    assert (mean[0], spread[0]) == (0.0, size if size >= 1e-290 else spread[0])
    assert spread[0] > 0


def test_moments_of_what_says_nothing():
    assert moments(np.array([[np.nan, 4.0], [np.nan, 4.0]])) == ((0.0, 4.0), (1.0, 1.0))
    assert moments(np.zeros((0, 1))) == ((0.0,), (1.0,))


def test_series_are_standardised_by_the_training_part():
    train, later = walks(), read_steps([np.full((2, 2), 5.0)], "walk")
    encoder = SeriesEncoder.learn(train)
    z = encoder.encode(train).values
    np.testing.assert_allclose(z.mean(0), 0, atol=1e-6)
    np.testing.assert_allclose(z.std(0), 1, atol=1e-6)
    expected = (5.0 - np.array(encoder.mean)) / np.array(encoder.spread)
    np.testing.assert_allclose(encoder.encode(later).values, [expected, expected], atol=1e-6)


def test_a_gap_is_zero_and_is_said():
    series = [np.array([[1.0, np.nan], [3.0, 4.0]]), np.array([[5.0, 8.0]])]
    encoder = SeriesEncoder.learn(read_steps(series, "walk"))
    found = encoder.encode(read_steps(series, "walk")).values
    assert (encoder.gaps, encoder.width) == ((False, True), 3)
    assert found[0, 1] == 0
    assert found[:, 2].tolist() == [0, 1, 1]


def test_what_is_far_out_is_as_far_as_it_gets():
    encoder = SeriesEncoder.learn(walks())
    found = encoder.encode(read_steps([np.array([[1e300, -1e300]])], "walk")).values
    assert found.tolist() == [[20.0, -20.0]]


def test_times_are_told_as_multiples_of_the_pace():
    encoder = SeriesEncoder.learn(walks(times=True))
    later = read_steps([np.zeros((3, 2))], "walk", [[0.0, 2.0, 8.0]])
    assert encoder.pace == 2.0
    np.testing.assert_allclose(encoder.encode(later).values[:, -1], np.log1p([0.0, 1.0, 3.0]), rtol=1e-6)
    with pytest.raises(InputError, match="the series have no times: expected them"):
        encoder.encode(read_steps([np.zeros((3, 2))], "walk"))


def test_another_number_of_features_is_refused():
    with pytest.raises(InputError, match=r"the series have 3 features: expected 2 \(1, 2\), as when it was fitted"):
        SeriesEncoder.learn(walks()).encode(read_steps([np.zeros((2, 3))], "walk"))


def test_columns_are_numbers_and_categories():
    frame = pd.DataFrame({"town": ["a", "b", None, "b"], "age": [1.0, np.nan, 3.0, 2.0], "kind": ["u", "v", "u", "u"]})
    encoder = ColumnEncoder.learn(frame)
    numbers, codes = encoder.encode(frame)
    assert list(encoder.categories) == ["kind", "town"]
    assert encoder.width == numbers.shape[1] == 2
    assert numbers[:, 1].tolist() == [1, 0, 1, 1]
    assert codes.tolist() == [[1, 2], [2, 1], [1, 0], [1, 1]]
    later = pd.DataFrame({"kind": ["zzz"], "age": [2.0], "town": ["a"]})
    assert encoder.encode(later)[1].tolist() == [[0, 2]]


def test_a_category_that_comes_as_a_number_is_the_same_category():
    encoder = ColumnEncoder.learn(pd.DataFrame({"code": ["1", "2", "x"]}))
    as_numbers = encoder.encode(pd.DataFrame({"code": [2.0, 1.0, np.nan]}))[1]
    assert as_numbers.tolist() == encoder.encode(pd.DataFrame({"code": ["2", "1", None]}))[1].tolist()
    assert as_numbers.min() == 0 < as_numbers[0, 0]


def test_columns_that_are_not_there_or_no_numbers_are_refused():
    encoder = ColumnEncoder.learn(pd.DataFrame({"age": [1.0, 2.0], "town": ["a", "b"]}))
    with pytest.raises(InputError, match="there is no column 'town': expected it, as when it was fitted"):
        encoder.encode(pd.DataFrame({"age": [1.0]}))
    with pytest.raises(InputError, match="a column that held numbers when it was fitted now holds something else"):
        encoder.encode(pd.DataFrame({"age": ["old"], "town": ["a"]}))


def test_images_are_standardised_as_a_whole():
    images = [RNG.normal(3, 2, size=(4, 5, 3)).astype(np.float32) for _ in range(6)]
    encoder = ArrayEncoder.learn([*images, None])
    found = encoder.encode([*images, None])
    assert isinstance(found, np.ndarray)
    assert found.shape == (7, 3, 4, 5)
    np.testing.assert_allclose([found[:6].mean(), found[:6].std()], [0, 1], atol=1e-4)
    assert not found[6].any()
    with pytest.raises(InputError, match=r"row 1 holds an image of shape \(4, 4, 3\): expected height, width and chan"):
        encoder.encode([np.zeros((4, 4, 3), np.float32)])


def test_sounds_are_steps():
    sounds: list[np.ndarray | None] = [RNG.normal(size=int(n)).astype(np.float32) for n in (5, 1, 9)]
    encoder = ArrayEncoder.learn(sounds)
    found = encoder.encode([sounds[1], None, sounds[0]])
    assert isinstance(found, Ragged)
    assert found.lengths.tolist() == [1, 0, 5]
    with pytest.raises(InputError, match="row 1 is no sound"):
        encoder.encode([np.zeros((2, 2), np.float32)])
    with pytest.raises(InputError, match="the input holds no array"):
        ArrayEncoder.learn([None])


def test_changing_the_test_part_moves_nothing():
    train = walks()
    encoder = SeriesEncoder.learn(train)
    encoder.encode(read_steps([np.full((3, 2), 1e9)], "walk"))
    assert encoder == SeriesEncoder.learn(train)


def test_a_centred_series_does_not_know_its_level() -> None:
    rng = np.random.default_rng(0)
    series = [rng.normal(size=(int(n), 2)) for n in (3, 5, 4)]
    series[1][2, 0] = np.nan
    levels = [walk + level for walk, level in zip(series, (100.0, -7.0, 0.0), strict=True)]
    encoders = [SeriesEncoder.learn(read_steps(walks, "walk"), Series(centred=True)) for walks in (series, levels)]
    same = [
        encoder.encode(read_steps(walks, "walk")) for encoder, walks in zip(encoders, (series, levels), strict=True)
    ]
    assert np.allclose(same[0].values, same[1].values, atol=1e-5)
    for k in range(3):
        assert np.allclose(same[0][k][:, 1].mean(), 0, atol=1e-6)
