"""Baselines of taggers: the usual tag of a symbol, and logistic regression on a window of steps around each.

    logits_t = b + sum over places j = -(W - 1)/2 .. (W - 1)/2 of w_j[what stands at t + j]

What stands there is a symbol or, of a numeric series, its values; beyond the ends of the sequence it is "outside". A
window of 17 residues is the classical one for secondary structure (Qian, Sejnowski 1988, J. Molecular Biology 202).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recurra.checking import check_standardising, require
from recurra.data.examples.ragged import Ragged
from recurra.errors import InputError
from recurra.evaluation.labelled.logistic import fit_softmax
from recurra.evaluation.shared.sparse import Sparse
from recurra.language import _

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.integer]

WIDTH = 17
MOST_STEPS = 2**18  # steps that a regression learns from, drawn where there are more
MOST_CELLS = 2**26  # numbers that a regression on values learns from
MOST_COEFFICIENTS = 2**22  # of all places, symbols and classes
OUTSIDE, OTHER, FIRST = 0, 1, 2  # beyond the ends; a symbol that is not among the known ones; the first known one


@dataclass(frozen=True, eq=False)
class SymbolWindow:
    """`coefficients` [W, 2 + V, K] by place, by what stands there (outside, other, `symbols` [V] in order), by tag."""

    symbols: Ints
    coefficients: Floats
    intercepts: Floats

    def check(self) -> None:
        """Refuse symbols that do not rise, and coefficients of others."""
        symbols = self.symbols
        require(symbols.ndim == 1 and bool((symbols[1:] > symbols[:-1]).all()), "the symbols do not rise")
        shape = (len(symbols) + FIRST, *self.intercepts.shape)
        fits = self.coefficients.ndim == 3 and self.coefficients.shape[1:] == shape
        require(fits, "the coefficients are of other symbols")

    def outputs(self, tokens: Ragged) -> Floats:
        """The logits of every step [N_total, K] of token ids, float64."""
        slots = _slots(tokens, self.symbols)
        total = np.tile(self.intercepts.astype(np.float64), (len(slots), 1))
        for place, (steps, inside) in enumerate(neighbours(tokens, len(self.coefficients))):
            total += self.coefficients[place, np.where(inside, slots[steps], OUTSIDE)]
        return total


@dataclass(frozen=True, eq=False)
class ValueWindow:
    """The same for series of F channels: `coefficients` [W, F + 1, K], the last channel being 1 inside, 0 outside.

    Values are standardised by `mean` and `scale` [F]; a missing one counts as the mean.
    """

    mean: Floats
    scale: Floats
    coefficients: Floats
    intercepts: Floats

    def check(self) -> None:
        """Refuse coefficients of other channels than it has means of."""
        check_standardising(self.mean, self.scale)
        shape = (len(self.mean) + 1, *self.intercepts.shape)
        fits = self.coefficients.ndim == 3 and self.coefficients.shape[1:] == shape
        require(fits, "the coefficients are of other features")

    def outputs(self, series: Ragged) -> Floats:
        """The logits of every step [N_total, K] of series [N_total, F], float64."""
        channels = _channels(series, self.mean, self.scale)
        total = np.tile(self.intercepts.astype(np.float64), (len(channels), 1))
        for place, (steps, inside) in enumerate(neighbours(series, len(self.coefficients))):
            total += np.where(inside[:, None], channels[steps], 0.0) @ self.coefficients[place]
        return total


@dataclass(frozen=True, eq=False)
class Around:
    """What stands around the steps `chosen` [M], as features [M, D], and the window of their coefficients [D, K]."""

    chosen: Ints
    features: Floats | Sparse
    made: Callable[[Floats, Floats], SymbolWindow | ValueWindow]


def fit_usual_tag(tokens: Ragged, tags: npt.ArrayLike, classes: int) -> SymbolWindow:
    """The log share of each tag among the steps with a symbol, drawn towards its share among all by one step.

    `tags` [N_total] are 0 .. K-1, -1 where missing. The highest output is the most frequent tag of the symbol.

    >>> model = fit_usual_tag(Ragged.of([[5, 5, 5], [7]]), [0, 0, 1, 1], 2)
    >>> model.outputs(Ragged.of([[7, 5]])).argmax(axis=1)
    array([1, 0])
    """
    tags = checked_tags(tokens, tags)
    known = tags >= 0
    symbols = np.unique(tokens.values[known])
    slots = _slots(tokens, symbols)[known]
    counts = np.zeros((FIRST + len(symbols), classes))
    np.add.at(counts, (slots, tags[known]), 1.0)
    overall = counts.sum(axis=0) + 1.0
    shares = counts + overall / overall.sum()
    logs = np.log(shares / shares.sum(axis=1, keepdims=True))
    return SymbolWindow(symbols, logs[None].astype(np.float32), np.zeros(classes, np.float32))


def fit_window(
    sequence: Ragged, tags: npt.ArrayLike, classes: int, *, width: int = WIDTH, seed: int = 0
) -> SymbolWindow | ValueWindow:
    """Logistic regression on what stands at `width` places around a step; `tags` [N_total], -1 where missing.

    `sequence` holds token ids [N_total] or values [N_total, F]. Of a large vocabulary only the most frequent symbols
    count. Of many steps 262,144 are drawn, of wide series fewer, so that all windows hold 67 million numbers at most.
    """
    tags = checked_tags(sequence, tags)
    around = look_around(sequence, tags, classes, width=width, seed=seed)
    return around.made(*fit_softmax(around.features, tags[around.chosen], classes))


def checked_tags(sequences: Ragged, tags: npt.ArrayLike) -> Ints:
    """Tags [N_total] as an array. Raises InputError for more or fewer than steps, and where none is known."""
    tags = np.asarray(tags)
    if tags.shape != (len(sequences.values),):
        raise InputError(
            _(
                "tags has shape {shape}, but there are {n_values} steps: give one for each",
                shape=tags.shape,
                n_values=len(sequences.values),
            )
        )
    if not (tags >= 0).any():
        raise InputError(_("tags holds no known tag: at least one from 0 up is needed"))
    return tags


def look_around(
    sequence: Ragged, tags: Ints, classes: int, *, width: int = WIDTH, seed: int = 0, beside: int = 0
) -> Around:
    """What a window learns from: the features of drawn steps, to which a caller adds `beside` numbers each."""
    symbols = sequence.values.ndim == 1
    cells = beside + (width if symbols else width * (sequence.values.shape[1] + 1))
    chosen = _drawn(tags, seed, min(MOST_STEPS, max(1, MOST_CELLS // cells)))
    return (_symbols_around if symbols else _values_around)(sequence, chosen, classes, width)


def _symbols_around(tokens: Ragged, chosen: Ints, classes: int, width: int) -> Around:
    found, counts = np.unique(tokens.values, return_counts=True)
    most = max(1, MOST_COEFFICIENTS // (width * classes))
    symbols = np.sort(found[np.argsort(-counts, kind="stable")[:most]])
    slots, size = _slots(tokens, symbols), FIRST + len(symbols)
    columns = np.stack(
        [
            place * size + np.where(inside[chosen], slots[steps[chosen]], OUTSIDE)
            for place, (steps, inside) in enumerate(neighbours(tokens, width))
        ],
        axis=1,
    )
    pointer = np.arange(0, columns.size + 1, width)
    ones = np.ones(columns.size, np.float32)
    x = sparse.csr_matrix((ones, columns.ravel(), pointer), shape=(len(chosen), width * size))
    shape = (width, size, classes)
    return Around(chosen, x, lambda w, b: SymbolWindow(symbols, _single(w.reshape(shape)), _single(b)))


def _values_around(series: Ragged, chosen: Ints, classes: int, width: int) -> Around:
    values = np.where(np.isfinite(series.values), series.values, np.nan).astype(np.float64)
    count = np.maximum((~np.isnan(values)).sum(axis=0), 1)
    mean = np.nansum(values, axis=0) / count
    scale = np.sqrt(np.nansum((values - mean) ** 2, axis=0) / count)
    scale = np.where(scale > 0, scale, 1.0)
    channels = _channels(series, mean, scale)
    x = np.concatenate(
        [np.where(inside[chosen, None], channels[steps[chosen]], 0.0) for steps, inside in neighbours(series, width)],
        axis=1,
    )
    shape = (width, channels.shape[1], classes)
    return Around(chosen, x, lambda w, b: ValueWindow(mean, scale, _single(w.reshape(shape)), _single(b)))


def neighbours(sequences: Ragged, width: int) -> Iterator[tuple[Ints, npt.NDArray[np.bool_]]]:
    """By place, from the left: the step [N_total] that stands there for each step, and whether it is in its sequence.

    Outside, the step named is the nearest of all.
    """
    if width < 1 or width % 2 == 0:
        raise InputError(
            _("width={width} must be odd: a window has as many steps before its middle as after it", width=width)
        )
    starts = np.repeat(sequences.offsets[:-1], sequences.lengths)
    ends = np.repeat(sequences.offsets[1:], sequences.lengths)
    steps = np.arange(len(starts))
    for shift in range(-(width // 2), width // 2 + 1):
        moved = steps + shift
        yield np.clip(moved, 0, max(len(steps) - 1, 0)), (moved >= starts) & (moved < ends)


def _slots(tokens: Ragged, symbols: Ints) -> Ints:
    """Where each token's coefficients stand: FIRST and up for known symbols, OTHER for the rest."""
    if not len(symbols):
        return np.full(len(tokens.values), OTHER)
    numbers = np.minimum(np.searchsorted(symbols, tokens.values), len(symbols) - 1)
    return np.where(symbols[numbers] == tokens.values, FIRST + numbers, OTHER)


def _channels(series: Ragged, mean: Floats, scale: Floats) -> Floats:
    """Standardised values [N_total, F + 1], 0 where missing, the last channel 1; float32."""
    scaled = (series.values - mean) / scale
    scaled = np.where(np.isfinite(scaled), scaled, 0.0)
    return np.hstack([scaled, np.ones((len(scaled), 1))]).astype(np.float32)


def _single(numbers: Floats) -> Floats:
    return numbers.astype(np.float32)


def _drawn(tags: Ints, seed: int, most: int) -> Ints:
    """The steps [M] with a known tag, in order; of more than `most` a random part."""
    known = np.flatnonzero(tags >= 0)
    if len(known) > most:
        known = np.sort(np.random.default_rng(seed).choice(known, most, replace=False))
    return known
