"""Numeric inputs as a network reads them: standardised by the training part, gaps and times beside the values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.checking import require
from recurra.data.examples.inputs import Audio, Series
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.steps import Steps
from recurra.data.labels.label_values import text_of
from recurra.errors import InputError
from recurra.language import _, listing

Floats = npt.NDArray[np.floating]

_LARGEST = 1 << 28  # numbers of an image
_FARTHEST = 1e38  # number of an array, which is float32
_FAR = 20.0  # spreads: what lies further out is as far as the network is told


@dataclass(frozen=True)
class SeriesEncoder:
    """Series [T, F] -> [T, F + gaps + 1 with times].

    z = (x - mean) / spread, 0 where missing;  whether it is there, for features with gaps in the training part;
    log(1 + time since the step before / its typical value)
    """

    names: tuple[str, ...]
    mean: tuple[float, ...]
    spread: tuple[float, ...]
    gaps: tuple[bool, ...]
    pace: float | None  # the typical time between steps in seconds; None where there are no times
    centred: bool = False

    def check(self) -> None:
        """Refuse statistics of other features than those named, and spreads and paces that are not above 0."""
        require(bool(self.names) and (self.pace is None or self.pace > 0), "no feature, or a pace that is not above 0")
        _check_statistics(self.names, self.mean, self.spread, self.gaps)

    @staticmethod
    def learn(steps: Steps, kind: Series | Audio | None = None) -> SeriesEncoder:
        """The statistics of `steps`."""
        centred = kind is not None and kind.centred
        values = _centred(steps.values) if centred else steps.values.values
        mean, spread = moments(values)
        gaps = _gaps(values)
        pace = None
        if steps.times is not None:
            waits = _waits(steps.times)
            waits = waits[waits > 0]
            pace = float(np.median(waits)) if len(waits) else 1.0
        return SeriesEncoder(steps.names, mean, spread, gaps, pace, centred)

    @property
    def width(self) -> int:
        """Features of an encoded step."""
        return len(self.names) + sum(self.gaps) + (self.pace is not None)

    def encode(self, steps: Steps) -> Ragged:
        """The features of every step, float32."""
        values = steps.values.values
        if not len(values):  # an optional input that none of the examples has
            return Ragged(np.zeros((0, self.width), np.float32), steps.values.offsets)
        if values.shape[1] != len(self.names):
            raise InputError(
                _(
                    "the series have {shape} features: expected {n_names} ({names}), as when it was fitted",
                    shape=values.shape[1],
                    n_names=len(self.names),
                    names=listing(self.names[:8]),
                )
            )
        if self.pace is not None and steps.times is None:
            raise InputError(_("the series have no times: expected them, as when it was fitted"))
        if self.centred:
            values = _centred(steps.values)
        z = _scaled(values, self.mean, self.spread)
        parts = [z, (~np.isnan(values[:, list(self.gaps)])).astype(np.float32)]
        if self.pace is not None and steps.times is not None:
            parts.append(np.log1p(np.maximum(_waits(steps.times), 0) / self.pace).astype(np.float32)[:, None])
        return Ragged(np.concatenate(parts, axis=1), steps.values.offsets)


@dataclass(frozen=True)
class ColumnEncoder:
    """Columns that are constant per example -> numbers [N, .] and category codes [N, C]; code 0 is unknown."""

    numeric: tuple[str, ...]
    mean: tuple[float, ...]
    spread: tuple[float, ...]
    gaps: tuple[bool, ...]
    categories: dict[str, tuple[str, ...]]

    def check(self) -> None:
        """Refuse statistics of other columns than those named, and categories twice or in another order."""
        _check_statistics(self.numeric, self.mean, self.spread, self.gaps)
        require(list(self.categories) == sorted(self.categories), "the categories are in another order")
        require(all(len(set(known)) == len(known) for known in self.categories.values()), "a category is there twice")

    @staticmethod
    def learn(frame: pd.DataFrame) -> ColumnEncoder:
        """The statistics of numeric columns and the values of the others."""
        numeric = [str(c) for c in frame.columns if pd.api.types.is_numeric_dtype(frame[c])]
        values = frame[numeric].to_numpy(dtype=np.float64, na_value=np.nan)
        others = sorted(str(c) for c in frame.columns if c not in numeric)  # a model file keeps no other order
        categories = {c: tuple(frame[c].dropna().astype(str).value_counts().index) for c in others}
        gaps = _gaps(values)
        return ColumnEncoder(tuple(numeric), *moments(values), gaps, categories)

    @property
    def width(self) -> int:
        """Numbers of an encoded row."""
        return len(self.numeric) + sum(self.gaps)

    def encode(self, frame: pd.DataFrame) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int64]]:
        """Numbers and codes of every row."""
        absent = [c for c in (*self.numeric, *self.categories) if c not in frame.columns]
        if absent:
            raise InputError(
                _(
                    "there is no column {absent}: expected it, as when it was fitted",
                    absent=listing(map(repr, absent)),
                )
            )
        try:
            values = frame[list(self.numeric)].to_numpy(dtype=np.float64, na_value=np.nan)
        except (ValueError, TypeError) as error:
            raise InputError(
                _("a column that held numbers when it was fitted now holds something else: {error}", error=error)
            ) from error
        present = (~np.isnan(values[:, list(self.gaps)])).astype(np.float32)
        numbers = np.concatenate([_scaled(values, self.mean, self.spread), present], axis=1)
        codes = np.zeros((len(frame), len(self.categories)), dtype=np.int64)
        for k, (column, known) in enumerate(self.categories.items()):
            texts = frame[column].map(text_of, na_action="ignore")  # a category "1" may come as the number 1.0
            codes[:, k] = pd.Index(known, dtype=object).get_indexer(pd.Index(texts, dtype=object)) + 1
        return numbers, codes


@dataclass(frozen=True)
class ArrayEncoder:
    """Images [H, W] or [H, W, C] of one size, or sounds [T]: standardised as a whole."""

    shape: tuple[int, ...] | None  # of an image, channels first; None for sounds
    mean: float
    spread: float

    def check(self) -> None:
        """Refuse a spread that is none, and images of no size or more than memory holds."""
        require(0 < self.spread < _FARTHEST and abs(self.mean) < _FARTHEST, "no spread, or a mean beyond all numbers")
        shape = self.shape or (1, 1, 1)
        fits = len(shape) == 3 and min(shape) > 0 and np.prod(shape, dtype=float) <= _LARGEST
        require(fits, f"images are of shape {shape}")

    @staticmethod
    def learn(arrays: list[npt.NDArray | None]) -> ArrayEncoder:
        """Their form, and the mean and spread of all numbers."""
        present = [a for a in arrays if a is not None]
        if not present:
            raise InputError(_("the input holds no array: expected images [H, W] or [H, W, C], or sounds [T]"))
        shape = None if present[0].ndim == 1 else _channels_first(present[0]).shape
        count = sum(a.size for a in present)
        mean = sum(float(a.sum(dtype=np.float64)) for a in present) / max(count, 1)
        square = sum(float(np.square(a - mean, dtype=np.float64).sum()) for a in present) / max(count, 1)
        return ArrayEncoder(shape, mean, float(np.sqrt(square)) or 1.0)

    def encode(self, arrays: list[npt.NDArray | None]) -> Ragged | npt.NDArray[np.float32]:
        """Sounds as steps of one number; images as [N, C, H, W], zeros where there is none."""
        if self.shape is None:
            wrong = next((row for row, a in enumerate(arrays) if a is not None and a.ndim != 1), None)
            if wrong is not None:
                raise InputError(
                    _("row {wrong} is no sound: expected an array [T], as when it was fitted", wrong=wrong + 1)
                )
            found = Ragged.of([np.zeros(0, np.float32) if a is None else np.asarray(a, np.float32) for a in arrays])
            return Ragged(((found.values - self.mean) / self.spread).astype(np.float32)[:, None], found.offsets)
        images = np.zeros((len(arrays), *self.shape), dtype=np.float32)
        for row, array in enumerate(arrays):
            if array is None:
                continue
            image = _channels_first(array) if array.ndim in (2, 3) else array
            if image.shape != self.shape:
                raise InputError(
                    _(
                        "row {row} holds an image of shape {shape}: expected height, width and channels {expected} "
                        "as in the others; bring all images to one size first",
                        row=row + 1,
                        shape=array.shape,
                        expected=(*self.shape[1:], self.shape[0]),
                    )
                )
            images[row] = (image - self.mean) / self.spread
        return images


def _channels_first(array: npt.NDArray) -> npt.NDArray:
    return array[None] if array.ndim == 2 else np.moveaxis(array, -1, 0)


def moments(values: Floats) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Mean and standard deviation of each column [., F], 0 and 1 where it holds nothing or never changes."""
    known = ~np.isnan(values)
    count = np.maximum(known.sum(0), 1)
    unit = unit_of(values)
    scaled = np.where(known, values, 0.0) / unit
    mean = scaled.sum(0, dtype=np.float64) / count
    square = np.square(np.where(known, scaled - mean, 0.0), dtype=np.float64).sum(0) / count
    mean, spread = mean * unit, np.sqrt(square) * unit
    spread = np.where(spread > 1e-12 * np.maximum(np.abs(mean), 1e-300), spread, 1.0)
    return tuple(mean.tolist()), tuple(spread.tolist())


def unit_of(values: Floats) -> Floats:
    """The size of each column [., F] as a power of two: to divide by it is exact, and the squares are numbers too."""
    known = np.where(np.isnan(values), 0.0, values)
    return np.ldexp(1.0, np.frexp(np.abs(known).max(0, initial=0.0))[1] - 1)


def _scaled(values: Floats, mean: tuple[float, ...], spread: tuple[float, ...]) -> npt.NDArray[np.float32]:
    with np.errstate(over="ignore"):
        z = np.clip((values - np.array(mean)) / np.array(spread), -_FAR, _FAR)
    return np.nan_to_num(z, nan=0.0).astype(np.float32)


def _gaps(values: Floats) -> tuple[bool, ...]:
    """Of each column [., F], whether it lacks a value somewhere."""
    return tuple(bool(np.isnan(column).any()) for column in values.T)


def _centred(series: Ragged) -> Floats:
    """The values [N_total, F], less the mean of the known ones of their own sequence."""
    values = series.values.astype(np.float64)
    known = ~np.isnan(values)
    owner = np.repeat(np.arange(len(series)), series.lengths)
    sums = np.zeros((len(series), values.shape[1]))
    counts = np.zeros_like(sums)
    np.add.at(sums, owner, np.where(known, values, 0.0))
    np.add.at(counts, owner, known)
    return values - (sums / np.maximum(counts, 1))[owner]


def _waits(times: Ragged) -> npt.NDArray[np.float64]:
    """The time since the step before; 0 at the first step of a series."""
    waits = np.diff(times.values, prepend=times.values[:1])
    waits[times.offsets[:-1][times.lengths > 0]] = 0.0
    return waits


def _check_statistics(
    names: tuple[str, ...], mean: tuple[float, ...], spread: tuple[float, ...], gaps: tuple[bool, ...]
) -> None:
    many = {len(names), len(mean), len(spread), len(gaps)}
    require(len(many) == 1, f"there are {len(names)} features and statistics of {sorted(many)}")
    require(all(each > 0 for each in spread), "a spread is not above 0")
