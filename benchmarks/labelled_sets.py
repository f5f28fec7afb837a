"""The sets of labelled.py: examples, labels, the folds of the stated protocol, and what is scored."""

from __future__ import annotations

import json
import tarfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from log_mel import cepstra, log_mel
from scipy.io import wavfile
from scipy.stats import spearmanr
from sklearn.datasets import load_digits
from sklearn.model_selection import GroupKFold, KFold, LeaveOneGroupOut, StratifiedKFold

import recurra as rc
from recurra.data.demo.promoters import Promoters, make_promoters

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]
Scores = Callable[[Any, Any, Floats], dict[str, float]]  # names of the classes, truth, decoded outputs

_WINDOW = 100  # readings of an exercise at 50 a second

TO_THREE = {"H": "H", "G": "H", "I": "H", "E": "E", "B": "E"}  # all other states are C


@dataclass(frozen=True, eq=False)
class Labelled:
    """Examples X and labels y, both indexed by the `folds` (training, test) that `protocol` describes."""

    estimator: Callable[[], Any]
    X: npt.NDArray
    y: npt.NDArray
    folds: list[tuple[Ints, Ints]]
    protocol: str
    scores: Scores
    promoters: Promoters | None = None
    groups: npt.NDArray | None = None  # what belongs together, told to the estimator too


def accuracy(names: Any, truth: Ints, probabilities: Floats) -> dict[str, float]:
    """In per cent."""
    return {"accuracy": 100 * float((probabilities.argmax(axis=1) == truth).mean())}


def states(names: tuple[str, ...], truth: Any, probabilities: Floats) -> dict[str, float]:
    """Q8 and Q3 in per cent over the residues with a tag; of three states the probabilities are summed.

    >>> from recurra.data.examples.ragged import Ragged
    >>> states(("E", "G", "H"), Ragged.of([[0, 2]]), np.array([[0.8, 0.1, 0.1], [0.4, 0.35, 0.25]]))
    {'Q8': 50.0, 'Q3': 100.0}
    """
    known = truth.values >= 0
    truth, probabilities = truth.values[known], probabilities[known]
    wide = np.array(["HEC".index(TO_THREE.get(name, "C")) for name in names])
    three = np.stack([probabilities[:, wide == k].sum(axis=1) for k in range(3)], axis=1)
    right = probabilities.argmax(axis=1) == truth, three.argmax(axis=1) == wide[truth]
    return {name: 100 * float(found.mean()) for name, found in zip(("Q8", "Q3"), right, strict=True)}


def ranks(names: Any, truth: Floats, values: Floats) -> dict[str, float]:
    """Spearman's rank correlation; NaN where all values are the same."""
    values = np.ravel(values)
    found = np.asarray(spearmanr(np.ravel(truth), values))[0] if np.ptp(values) else np.nan
    return {"rank correlation": float(found)}


def reviews(folder: Path) -> Labelled:
    """Sentences of film reviews, for or against (Pang and Lee 2005)."""
    parts = [(folder / "text" / f"rt-polarity.{kind}").read_text("latin-1").splitlines() for kind in ("pos", "neg")]
    X, y = objects([*parts[0], *parts[1]]), np.repeat(["pos", "neg"], [len(part) for part in parts])
    return Labelled(rc.SequenceClassifier, X, y, _stratified(10, y), "10-fold, stratified, seed 0", accuracy)


def proteins(folder: Path) -> Labelled:
    """Residues and their eight DSSP states; unknown states are missing tags."""
    lines = (folder / "protein" / "cb513.jsonl").read_text("utf-8").splitlines()
    rows = [json.loads(line) for line in lines]
    X = objects([row["residues"] for row in rows])
    y = objects([[None if state == "?" else state for state in row["dssp"]] for row in rows])
    folds = list(KFold(5, shuffle=True, random_state=0).split(X))
    return Labelled(rc.SequenceTagger, X, y, folds, "5-fold by protein, seed 0", states)


def genes(folder: Path) -> Labelled:
    """Generated promoters and their noisy expression."""
    made = make_promoters(3000)
    X, y = objects(list(made.sequences)), made.expression
    folds = list(KFold(5, shuffle=True, random_state=0).split(X))
    return Labelled(rc.SequenceRegressor, X, y, folds, "5-fold, seed 0, 3,000 promoters", ranks, made)


def digits(folder: Path) -> Labelled:
    """Handwritten digits of 8 x 8 pixels, one pixel a step."""
    X, y = map(np.asarray, load_digits(return_X_y=True))
    return Labelled(rc.SequenceClassifier, X, y, _stratified(5, y), "5-fold, stratified, seed 0", accuracy)


def exercises(folder: Path) -> Labelled:
    """Windows of two seconds from a watch with accelerometer and gyroscope, worn in seven shoulder exercises.

    Burns et al. (2018, "Shoulder physiotherapy exercise recognition"): ten of their persons come with the package
    seglearn. The windows do not overlap; every fold is tested on two persons never seen.
    """
    found = find_spec("seglearn")
    if found is None or not found.submodule_search_locations:
        raise SystemExit("the exercises come with the package seglearn: pip install seglearn")
    archive = Path(found.submodule_search_locations[0]) / "data" / "watch_dataset.npy"
    whole = np.load(archive, allow_pickle=True).item()
    windows = [
        (series[start : start + _WINDOW], whole["y_labels"][int(label)], int(person))
        for series, label, person in zip(whole["X"], whole["y"], whole["subject"], strict=True)
        for start in range(0, len(series) - _WINDOW + 1, _WINDOW)
    ]
    X, y = objects([x for x, *_ in windows]), np.array([name for _, name, _ in windows])
    persons = np.array([person for *_, person in windows])
    folds = list(GroupKFold(5).split(X, y, persons))
    return Labelled(rc.SequenceClassifier, X, y, folds, "5-fold, two of ten persons each", accuracy, groups=persons)


def spoken(folder: Path, *, by_speaker: bool, bands: bool = False) -> Labelled:
    """Spoken digits as 13 cepstra a frame, or as log-mel `bands`.

    Each recording's own mean is subtracted, as is usual: it holds the channel and the voice.
    """
    found = read_recordings(folder / "speech" / "free-spoken-digits.tar.xz")
    every = [log_mel(samples, rate) for _, _, rate, samples in found]
    frames = every if bands else [cepstra(each) for each in every]
    X = objects([each - each.mean(axis=0) for each in frames])
    y = np.array([digit for digit, *_ in found])
    speakers = np.array([speaker for _, speaker, *_ in found])
    if by_speaker:
        folds = list(LeaveOneGroupOut().split(X, y, speakers))
        return Labelled(rc.SequenceClassifier, X, y, folds, "each of 5 speakers left out", accuracy)
    return Labelled(rc.SequenceClassifier, X, y, _stratified(5, y), "5-fold, stratified, seed 0", accuracy)


SETS: Mapping[str, Callable[[Path], Labelled]] = {
    "rt-polarity": reviews,
    "cb513": proteins,
    "promoters": genes,
    "digits": digits,
    "exercises": exercises,
    "speech": lambda folder: spoken(folder, by_speaker=False),
    "speech-speakers": lambda folder: spoken(folder, by_speaker=True),
    "speech-speakers-bands": lambda folder: spoken(folder, by_speaker=True, bands=True),
}


def read_recordings(archive: Path) -> list[tuple[int, str, int, Floats]]:
    """Digit, speaker, samples a second and samples of every recording, `digit_speaker_number.wav`, by name."""
    found = []
    with tarfile.open(archive) as files:
        for member in sorted(files.getmembers(), key=lambda member: member.name):
            if member.name.endswith(".wav") and (file := files.extractfile(member)) is not None:
                digit, speaker, _ = Path(member.name).stem.split("_")
                rate, samples = wavfile.read(BytesIO(file.read()))
                mono = samples if samples.ndim == 1 else samples.mean(axis=1)
                found.append((int(digit), speaker, rate, mono / 2**15))
    return found


def objects(items: list[Any]) -> npt.NDArray:
    """A list as an array of its items [N], whatever they are."""
    out = np.empty(len(items), dtype=object)
    out[:] = items
    return out


def _stratified(folds: int, y: npt.NDArray) -> list[tuple[Ints, Ints]]:
    return list(StratifiedKFold(folds, shuffle=True, random_state=0).split(y, y))
