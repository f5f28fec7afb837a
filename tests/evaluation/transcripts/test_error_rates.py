"""Error rates: sums that are jiwer's, by speaker, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from recurra import InputError
from recurra.evaluation.transcripts.error_rates import (
    confused_words,
    error_counts,
    evaluate_transcripts,
    transcript_scores,
)

jiwer = pytest.importorskip("jiwer")

TRUTH = ["one two three", "four", "five  six", "seven eight"] * 6
SAID = ["one too three", "", "five six seven", "seven eight"] * 6


def test_the_rates_are_those_of_the_package() -> None:
    scores = transcript_scores(TRUTH, SAID)
    plain = [" ".join(text.split()) for text in TRUTH]
    assert scores["WER"].value == pytest.approx(jiwer.wer(plain, SAID))
    assert scores["CER"].value == pytest.approx(jiwer.cer(plain, SAID))
    assert scores["exact"].value == pytest.approx(0.25)


def test_counts_are_by_kind() -> None:
    rows = error_counts([t.split() for t in TRUTH[:3]], [s.split() for s in SAID[:3]])
    assert rows.tolist() == [[1, 0, 0, 3], [0, 1, 0, 1], [0, 0, 1, 2]]


def test_speakers_are_drawn_together() -> None:
    speakers = np.repeat(np.arange(4), 6)
    said = {"ours": TRUTH, "guess": SAID}
    alone = evaluate_transcripts(TRUTH, said)
    together = evaluate_transcripts(TRUTH, said, speakers=speakers)
    assert alone.verdict.better
    assert together.verdict.units == 4
    assert alone.table.equals(together.table)
    assert "WER 0.0 % against" in alone.verdict.sentence


def test_confused_words_are_counted() -> None:
    found = confused_words(TRUTH, SAID).set_index(["truth", "said"])["count"]
    assert found.loc[("two", "too")] == 6
    assert found.loc[("four", "")] == 6
    assert found.loc[("", "seven")] == 6


def test_an_empty_truth_is_refused() -> None:
    with pytest.raises(InputError, match="text of recording 2 is empty"):
        evaluate_transcripts(["a", " "], {"ours": ["a", "b"]})
    with pytest.raises(InputError, match="2 texts and 1 transcripts"):
        transcript_scores(["a", "b"], ["a"])
