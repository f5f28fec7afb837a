"""What tests the model has not taught it: copies are found whatever their scale, and the corpus holds none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from benchmarks.pretraining.corpus import corpus_folder, read_series
from benchmarks.pretraining.figures import data_folder
from benchmarks.pretraining.fingerprints import fingerprints, overlaps
from benchmarks.pretraining.sources import TRAINING
from benchmarks.pretraining.tested import series_of_tests


def walk(length: int, seed: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=length).cumsum()


def test_a_copy_of_another_scale_is_found() -> None:
    one, other = walk(300, 1), walk(300, 2)
    part = np.concatenate([other, 40 + 7 * one[100:160].astype(np.float32)])
    assert overlaps({"train": part}, [("test", one)]) == [("train", "test", 43)]


def test_others_are_not_found() -> None:
    assert overlaps({"a": walk(3000, 3), "b": walk(3000, 4)}, [("test", walk(3000, 5))]) == []


def test_lines_plateaus_and_gaps_leave_no_fingerprint() -> None:
    assert len(fingerprints(np.arange(100.0))) == 0
    assert len(fingerprints(np.repeat(walk(20, 1), 9))) == 0
    gaps = walk(100, 1)
    gaps[::10] = np.nan
    assert len(fingerprints(gaps)) == 0
    assert len(fingerprints(np.arange(5.0))) == 0


def folders() -> tuple[Path, Path]:
    try:
        return corpus_folder(), data_folder()
    except FileNotFoundError as error:
        pytest.skip(str(error))


@pytest.mark.filterwarnings("ignore")
def test_no_training_series_holds_a_test_series() -> None:
    corpus, tests = folders()
    training = {f"{file}/{name}": values for file in TRAINING for name, values in read_series(corpus, file).items()}
    assert len(training) > 5000
    assert overlaps(training, series_of_tests(tests)) == []


@pytest.mark.filterwarnings("ignore")
def test_the_search_finds_what_is_there() -> None:
    corpus, tests = folders()
    m1 = dict(list(read_series(corpus, "m1_competition").items())[:20])
    assert len({name for name, _, _ in overlaps(m1, series_of_tests(tests))}) >= 15
