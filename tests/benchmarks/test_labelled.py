"""What labelled.py scores and sums up: three states from eight, the share of the attribution on motifs, the table."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import numpy as np
import pandas as pd
import pytest

from recurra.data.examples.ragged import Ragged

Script = Callable[[str], ModuleType]


def test_three_states_are_summed_from_eight(script: Script) -> None:
    # G is the largest of eight in the first residue; of three, E is. The second has no tag.
    names = ("B", "E", "G", "_")
    probabilities = np.array([[0.3, 0.25, 0.4, 0.05], [1.0, 0.0, 0.0, 0.0], [0.1, 0.1, 0.1, 0.7]])
    found = script("labelled_sets").states(names, Ragged.of([np.array([1, -1]), np.array([3])]), probabilities)
    assert found == {"Q8": 50.0, "Q3": 100.0}


def test_ranks_do_not_depend_on_scale(script: Script) -> None:
    truth = np.random.default_rng(0).normal(size=40)
    assert script("labelled_sets").ranks((), truth, np.exp(truth)[:, None]) == {"rank correlation": pytest.approx(1.0)}


def test_letters_inside_motifs(script: Script) -> None:
    # Promoters 7 and 3 of four letters; 7 has one motif of two letters, 3 two that overlap, 9 is not asked for.
    places = pd.DataFrame({"promoter": [7, 3, 3, 9], "start": [1, 0, 1, 0], "end": [3, 2, 3, 4]})
    inside = script("labelled").inside_motifs(places, np.array([7, 3]), 4)
    assert inside.tolist() == [[False, True, True, False], [True, True, True, False]]


def test_motifs_are_found_by_the_strongest_window(script: Script) -> None:
    inside = np.zeros((2, 20), dtype=bool)
    inside[:, 4:10] = True
    values = np.full((2, 20), -0.5)
    values[0, 5:11] = 1.0  # five of six letters inside
    values[1, 7:13] = 1.0  # only three
    found = script("labelled").found_motifs(values, inside)
    assert found["strongest window on a motif"] == 0.5
    assert found["any window on a motif"] == pytest.approx(5 / 15)
    assert found["attribution on motifs"] == pytest.approx((5 + 1 * 0.5 + 3 + 3 * 0.5) / (2 * (6 + 14 * 0.5)))
    assert found["motifs' share of letters"] == pytest.approx(6 / 20)


def test_summary_compares_pair_by_pair(script: Script) -> None:
    folds = [
        {"Recurra": {"accuracy": 80.0}, "baseline": {"accuracy": 70.0}},
        {"Recurra": {"accuracy": 90.0}, "baseline": {"accuracy": 80.0}},
    ]
    ours, theirs = script("labelled").summary("set", folds)
    assert ours["accuracy"] == "85 (7.1)"
    assert theirs["Recurra ahead by, accuracy"] == "+10 (0)"


def test_log_mel_finds_the_band_of_a_tone(script: Script) -> None:
    module = script("log_mel")
    rate, tone = 8000, 1000.0
    frames = module.log_mel(np.sin(2 * np.pi * tone * np.arange(rate) / rate), rate)
    assert frames.shape == (98, 40)  # 25 ms every 10 ms
    filters = module.mel_filters(129, rate, 40)
    at_tone = filters[round(tone / (rate / 2) * 128)].argmax()
    assert (frames.argmax(axis=1) == at_tone).all()


def test_log_mel_of_a_short_sound_is_a_frame(script: Script) -> None:
    frames = script("log_mel").log_mel(np.zeros(7), 8000)
    assert frames.shape == (1, 40)
    assert np.isfinite(frames).all()


def test_the_sets_need_their_files(script: Script, tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(SystemExit, match=r"text/rt-polarity\.pos is not in"):
        script("common").labelled_folder(tmp_path_factory.mktemp("empty"))


def test_the_first_cepstrum_is_the_level(script: Script) -> None:
    frames = np.random.default_rng(0).normal(size=(5, 40))
    module = script("log_mel")
    louder = module.cepstra(frames + 3.0) - module.cepstra(frames)
    assert louder.shape == (5, 13)
    assert louder[:, 0] == pytest.approx(np.full(5, 3.0 * np.sqrt(40)), rel=1e-5)
    assert louder[:, 1:] == pytest.approx(np.zeros((5, 12)), abs=1e-5)
