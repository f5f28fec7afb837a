"""What is shown of translations: results, the worst ones, what they looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.files.cells_out import cell_text
from recurra.data.pairs.pairs import Pairs
from recurra.data.pairs.subwords import UNKNOWN
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted
from recurra.evaluation.translation.scores import Counter, chrf_of, tokeniser_of
from recurra.inspect.several import findings_of
from recurra.language import _, mark
from recurra.report.panels import Aligned
from recurra.report.panels.alignment import END_SIGN
from recurra.tasks.estimator import Done, Insight, Preview
from recurra.tasks.memory import memory_sentences, remembered
from recurra.tasks.studied import Tested
from recurra.tasks.translate.model import TranslationModel

_PICTURES, _WORST, _EXPLAINED = 4, 12, 50
_LONG = 24  # tokens above which a picture cannot be read
_FAR = 10  # tokens from the diagonal that are shown


class TranslationPreview(Preview):
    """The first translations."""

    title = mark("Translations")
    OURS: ClassVar[tuple[str, ...]] = (*Preview.OURS, mark("source"), mark("reference"), mark("translation"))

    def __init__(self) -> None:
        self._first = pd.DataFrame()

    def add(self, frame: pd.DataFrame) -> None:
        """Take notice of the next frame."""
        if self._first.empty:
            self._first = cell_text(frame.head(8))

    def table(self) -> pd.DataFrame:
        """What is shown."""
        return self._first


def sentence_scores(tested: Tested) -> npt.NDArray[np.floating]:
    """chrF of each translation [N]."""
    references = tested.data.targets
    counts = Counter(tokeniser_of(references)).scores(tested.produced, references)["chrF"]
    return chrf_of(np.asarray(counts.sums))


def result_frame(tested: Tested) -> pd.DataFrame:
    """row, source, reference, translation, chrF: a row for each pair that it was tested on."""
    columns = {
        "row": tested.rows + 1,
        "source": tested.data.sources,
        "reference": tested.data.targets,
        "translation": tested.produced,
        "chrF": sentence_scores(tested).round(1),
    }
    return cell_text(pd.DataFrame(columns))


def mistakes_frame(tested: Tested) -> pd.DataFrame:
    """The translations that are least like their references, of those that differ from them."""
    scores = sentence_scores(tested)
    worst = np.argsort(scores, kind="stable")[:_WORST]
    worst = worst[scores[worst] < 100]
    rows = [
        {
            "row": int(tested.rows[k]) + 1,
            "source": tested.data.sources[k],
            "reference": tested.data.targets[k],
            "translation": tested.produced[k],
            "chrF": float(scores[k]),
        }
        for k in worst.tolist()
    ]
    return pd.DataFrame(rows, columns=["row", "source", "reference", "translation", "chrF"])


def chosen_alignments(tested: Tested) -> list[Aligned]:
    """Examples that are spread from the best translated to the worst, none too long to be read."""
    scores, model = sentence_scores(tested), tested.model
    lengths = model.reading.encode(tested.data.sources).lengths
    fit = np.flatnonzero((lengths > 2) & (lengths <= _LONG))
    ordered = fit[np.argsort(-scores[fit], kind="stable")]
    if not len(ordered):
        return []
    places = np.unique(np.linspace(0, len(ordered) - 1, min(_PICTURES, len(ordered))).astype(int))
    return [aligned(model, tested.data.sources[k], tested.produced[k], int(tested.rows[k])) for k in ordered[places]]


def aligned(model: TranslationModel, text: str, said: str, row: int) -> Aligned:
    """One translation and what its tokens looked at."""
    source, produced, shares = looked_at(model, text, said)
    return Aligned(_("row {row}: {text}", row=row + 1, text=said), [*source, END_SIGN], [*produced, END_SIGN], shares)


def looked_at(model: TranslationModel, text: str, said: str) -> tuple[list[str], list[str], npt.NDArray]:
    """Source tokens [S], tokens of the translation [T], shares [T + 1, S + 1]."""
    numbers = model.target.encode([said])[0].tolist()
    source = [shown.strip() or shown for shown, _letters in model.reading.pieces(text)]
    produced = [
        letters if number == UNKNOWN else shown.strip() or shown
        for (shown, letters), number in zip(model.target.pieces(said), numbers, strict=True)
    ]
    return source, produced, model.attention(text, numbers)


def alignment_of(model: TranslationModel, texts: Sequence[str], done: Done = lambda count: None) -> pd.DataFrame:
    """example, step, token, source_step, source, share: a row for each token of a translation and of its source."""
    frames = []
    for example, (text, said) in enumerate(zip(texts, model.translate(texts), strict=True)):
        source, produced, shares = looked_at(model, text, said)
        own, other = np.meshgrid(np.arange(len(produced)), np.arange(len(source)), indexing="ij")
        frames.append(
            pd.DataFrame(
                {
                    "example": example,
                    "step": own.ravel(),
                    "token": np.array(produced, dtype=object)[own.ravel()] if len(produced) else [],
                    "source_step": other.ravel(),
                    "source": np.array(source, dtype=object)[other.ravel()] if len(source) else [],
                    "share": shares[: len(produced), : len(source)].ravel(),
                }
            )
        )
        done(example + 1)
    return pd.concat(frames, ignore_index=True)


def insight_of(
    model: TranslationModel, data: Pairs, rows: npt.NDArray[np.int64], facts: list[Fact], done: Done
) -> Insight:
    """What some translations looked at: by how far from the same place in the source."""
    chosen = np.unique(np.linspace(0, len(data) - 1, min(len(data), _EXPLAINED)).astype(np.int64))
    if len(chosen) < len(data):
        told = _("{examples}, spread evenly over the file", examples=counted(len(chosen), "text"))
        facts = [*facts, Fact("explained", told)]
    moved = alignment_of(model, [data.sources[k] for k in chosen], done)
    steps, places = (moved[name].to_numpy(dtype=np.float64) for name in ("step", "source_step"))
    lengths = moved.groupby("example")[["step", "source_step"]].transform("max").to_numpy(dtype=np.float64)
    away = np.rint(places - steps * (lengths[:, 1] + 1) / (lengths[:, 0] + 1)).astype(int)
    shares = moved["share"].to_numpy(dtype=np.float64)
    known = np.abs(away) <= _FAR
    strength = np.bincount(away[known] + _FAR, shares[known], minlength=2 * _FAR + 1) / max(shares.sum(), 1e-9)
    seen = remembered(model.members)
    seen = [watched for watched in seen if watched.flows]
    strongest = moved.sort_values("share", ascending=False).groupby(["token", "source"], sort=False)["share"]
    table = strongest.agg(["count", "mean"]).reset_index().rename(columns={"count": "times", "mean": "mean share"})
    table = table.sort_values(["times", "mean share"], ascending=False).head(12)
    return Insight(
        facts=facts,
        sentences=memory_sentences(seen),
        findings=list(map(str, findings_of(seen))),
        nothing="",  # a model file keeps no gradients
        tables=[(_("Attention of tokens"), table)],
        moved=moved.assign(example=rows[chosen][moved["example"].to_numpy()] + 1).rename(columns={"example": "row"}),
        strength={_("share of the attention"): strength},
        first=-_FAR,
        title=_("Distance between a token and what it attends to"),
    )
