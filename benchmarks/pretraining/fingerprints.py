"""Whether a set of series contains stretches of another: exact copies, whatever their level and scale."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.floating]
Hashes = npt.NDArray[np.uint64]

LENGTH = 18  # consecutive values of a fingerprint
DISTINCT = 10  # of them at least so many different ones: counts and plateaus repeat by chance,
CHANGES = 6  # and of their changes: straight lines (readings that were interpolated) are all alike
STEPS = 200  # the range of a stretch is divided into so many
RUN = 4  # fingerprints of one series that another must hold


def fingerprints(values: Floats, chunk: int = 200_000) -> Hashes:
    """One number for every stretch of `LENGTH` known, varied values, equal for equal shapes."""
    values = np.asarray(values, dtype=np.float64)
    if len(values) < LENGTH:
        return np.zeros(0, dtype=np.uint64)
    weights = np.random.default_rng(5).integers(1, 2**63, LENGTH, dtype=np.uint64)
    windows = np.lib.stride_tricks.sliding_window_view(values, LENGTH)
    found = []
    for at in range(0, len(windows), chunk):
        part = windows[at : at + chunk]
        part = part[np.isfinite(part).all(1)]
        low = part.min(1, keepdims=True)
        size = part.max(1, keepdims=True) - low
        varied = (size > 0).ravel()
        steps = np.rint((part[varied] - low[varied]) / size[varied] * STEPS).astype(np.uint64)
        changes = np.diff(steps.astype(np.int64), axis=1)
        steps = steps[(_different(steps) >= DISTINCT) & (_different(changes) >= CHANGES)]
        with np.errstate(over="ignore"):
            found.append((steps * weights).sum(1, dtype=np.uint64))
    return np.concatenate(found)


def _different(rows: npt.NDArray[np.integer]) -> npt.NDArray[np.integer]:
    """How many different values each row holds."""
    ordered = np.sort(rows, axis=1)
    return (ordered[:, 1:] != ordered[:, :-1]).sum(1) + 1


def overlaps(training: dict[str, Floats], tests: Iterable[tuple[str, Floats]]) -> list[tuple[str, str, int]]:
    """(training series, test series, equal stretches) of every pair that shares at least `RUN` stretches."""
    owners: list[str] = []
    hashes, owner = [], []
    for name, values in tests:
        marks = np.unique(fingerprints(values))
        hashes.append(marks)
        owner.append(np.full(len(marks), len(owners)))
        owners.append(name)
    known = np.concatenate(hashes)
    whose = np.concatenate(owner)
    order = np.argsort(known, kind="stable")
    known, whose = known[order], whose[order]
    pairs = []
    for name, values in training.items():
        marks = np.unique(fingerprints(values))
        at = np.searchsorted(known, marks).clip(max=len(known) - 1)
        hits = whose[at[known[at] == marks]]
        found = zip(*np.unique(hits, return_counts=True), strict=True)
        pairs += [(name, owners[test], int(count)) for test, count in found if count >= RUN]
    return pairs
