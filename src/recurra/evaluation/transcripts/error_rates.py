"""Word and character error rates as sums over recordings, so that a bootstrap may draw them, or their speakers.

    WER = (substitutions + deletions + insertions) / words of the truth        CER the same of characters

The alignments are jiwer's (Levenshtein distance).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from recurra.data.encoders.spelling import tidy
from recurra.errors import InputError
from recurra.evaluation.shared.bootstrap import Score, mean_score, ratio
from recurra.evaluation.shared.evaluation import Evaluation, evaluate_scores
from recurra.extras import require_package
from recurra.language import _

if TYPE_CHECKING:
    import pandas as pd

WER, CER, EXACT = "WER", "CER", "exact"


def evaluate_transcripts(
    truth: Sequence[str],
    said: Mapping[str, Sequence[str]],
    *,
    speakers: npt.ArrayLike | None = None,
    draws: int = 1000,
    seed: int = 0,
) -> Evaluation:
    """Evaluate what each method, the model first, `said` of every recording by its `truth`.

    The leading score is the word error rate, or of texts without blanks the character error rate. `speakers` [N] are
    drawn together. Raises InputError for an empty truth, and for numbers that differ.

    >>> truth = ["one two", "three"] * 20
    >>> evaluate_transcripts(truth, {"ours": truth, "guess": ["one two"] * 40}).table["WER"].tolist()
    [0.0, 0.6666666666666666]
    """
    texts = [tidy(text) for text in truth]
    empty = next((k for k, text in enumerate(texts) if not text), None)
    if empty is not None:
        raise InputError(_("the text of recording {n} is empty: expected what is said in it", n=empty + 1))
    leading = leading_of(texts)
    scores = {method: transcript_scores(texts, found, leading) for method, found in said.items()}
    unit = "test recording" if speakers is None else "test speaker"
    return evaluate_scores(scores, leading=leading, groups=speakers, unit=unit, draws=draws, seed=seed)


def leading_of(texts: Sequence[str]) -> str:
    """WER, or CER where hardly any text has a blank and texts are longer than words are: Chinese.

    >>> leading_of(["one", "two three"]), leading_of(["今天天气很好", "我们去学校"])
    ('WER', 'CER')
    """
    if any(" " in text for text in texts):
        return WER
    unspaced = sum("\u3040" <= letter <= "\u9fff" for text in texts for letter in text)
    return CER if unspaced > 0.5 * sum(map(len, texts)) else WER


def transcript_scores(truth: Sequence[str], said: Sequence[str], leading: str = WER) -> dict[str, Score]:
    """WER, CER and the share of recordings whose text is right, of one method; the leading one first."""
    if len(truth) != len(said):
        raise InputError(_("there are {n} texts and {m} transcripts: expected one of each", n=len(truth), m=len(said)))
    truth, found = [tidy(text) for text in truth], [tidy(text) for text in said]
    rates = {
        WER: _rate(error_counts([text.split() for text in truth], [text.split() for text in found])),
        CER: _rate(error_counts([list(text) for text in truth], [list(text) for text in found])),
    }
    exact = mean_score(np.array([a == b for a, b in zip(truth, found, strict=True)], dtype=np.float64))
    return {leading: rates.pop(leading), **rates, EXACT: exact}


def error_counts(truth: Sequence[Sequence[str]], said: Sequence[Sequence[str]]) -> npt.NDArray[np.float64]:
    """Of each recording [N, 4]: substitutions, deletions, insertions, and the units of the truth."""
    jiwer = _jiwer()
    keep = jiwer.Compose([jiwer.ReduceToListOfListOfWords(word_delimiter="\x1f")])
    rows = np.zeros((len(truth), 4))
    output = jiwer.process_words(
        ["\x1f".join(text) for text in truth],
        ["\x1f".join(text) for text in said],
        reference_transform=keep,
        hypothesis_transform=keep,
    )
    for row, chunks in zip(rows, output.alignments, strict=True):
        for chunk in chunks:
            theirs = chunk.ref_end_idx - chunk.ref_start_idx
            row[3] += theirs
            if chunk.type == "substitute":
                row[0] += theirs
            elif chunk.type == "delete":
                row[1] += theirs
            elif chunk.type == "insert":
                row[2] += chunk.hyp_end_idx - chunk.hyp_start_idx
    return rows


def confused_words(truth: Sequence[str], said: Sequence[str]) -> pd.DataFrame:
    """truth, said, count: the words that were taken for others, left out ("" said) or put in ("" true), often first."""
    import pandas as pd

    jiwer = _jiwer()
    texts, found = [tidy(text) for text in truth], [tidy(text) for text in said]
    output = jiwer.process_words(texts, found)
    pairs: list[tuple[str, str]] = []
    for text, other, chunks in zip(texts, found, output.alignments, strict=True):
        words, heard = text.split(), other.split()
        for chunk in chunks:
            theirs = words[chunk.ref_start_idx : chunk.ref_end_idx]
            ours = heard[chunk.hyp_start_idx : chunk.hyp_end_idx]
            if chunk.type == "substitute":
                pairs += zip(theirs, ours, strict=True)
            elif chunk.type == "delete":
                pairs += [(word, "") for word in theirs]
            elif chunk.type == "insert":
                pairs += [("", word) for word in ours]
    frame = pd.DataFrame(pairs, columns=["truth", "said"])
    counts = frame.groupby(["truth", "said"], sort=True).size().rename("count").reset_index()
    return counts.sort_values("count", ascending=False, kind="stable").reset_index(drop=True)


def _rate(rows: npt.NDArray[np.float64]) -> Score:
    sums = np.stack([rows[:, :3].sum(axis=1), rows[:, 3]], axis=1)
    return Score(sums, lambda found: ratio(found[..., 0], found[..., 1]))


def _jiwer() -> Any:
    require_package("jiwer")
    import jiwer

    return jiwer
