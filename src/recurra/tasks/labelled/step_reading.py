"""One step of one input as its encoder reads it: a token, or the numbers of a moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.encoders.reader import Encoder
from recurra.data.encoders.standardising import SeriesEncoder
from recurra.data.encoders.tokens import EventEncoder, SymbolEncoder, TextEncoder
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.steps import Steps
from recurra.errors import InputError
from recurra.language import _, listing

Ints = npt.NDArray[np.int64]


class StepReader:
    """Reads steps of the rows of a stream by the encoder of the input `name`; `last` [n] are the times of the last."""

    def __init__(self, encoder: Encoder, name: str, batch: int) -> None:
        self._encoder, self._name = encoder, name
        self.last = np.full(batch, np.nan)
        known = getattr(encoder, "tokens", ())
        self._numbers: dict[str, int] = {token: k for k, token in enumerate(known, start=1)}

    @property
    def timed(self) -> bool:
        """Whether steps have times."""
        return isinstance(self._encoder, SeriesEncoder) and self._encoder.pace is not None

    def read(self, at: Ints, x: Any, times: Any) -> list[npt.NDArray]:
        """What each of the rows `at` reads next: ids [m] of its tokens (a text may hold several), or numbers [1, F]."""
        encoder = self._encoder
        if isinstance(encoder, SeriesEncoder):
            return list(self._moments(encoder, at, x, times)[:, None])
        if times is not None:
            raise InputError(_("times are given, but the steps of {name!r} have none: leave them out", name=self._name))
        cells = list(x) if isinstance(x, Sequence | np.ndarray | pd.Series) and not isinstance(x, str) else [x]
        self._refuse_count(len(cells), len(at))
        if isinstance(encoder, TextEncoder):
            texts = np.array([None if pd.isna(cell) else str(cell) for cell in cells], dtype=object)
            found = encoder.encode(texts)
            return [found[k] for k in range(len(found))]
        if isinstance(encoder, SymbolEncoder):
            wrong = next((cell for cell in cells if not isinstance(cell, str) or len(cell) != 1), None)
            if wrong is not None:
                raise InputError(
                    _("a step of {name!r} is {value!r}: expected one letter", name=self._name, value=wrong)
                )
        assert isinstance(encoder, SymbolEncoder | EventEncoder)
        return [np.array([self._numbers.get(str(cell), 0)], dtype=np.int32) for cell in cells]

    def _moments(self, encoder: SeriesEncoder, at: Ints, x: Any, times: Any) -> npt.NDArray[np.float32]:
        if isinstance(x, Mapping | pd.DataFrame):
            unknown = [str(name) for name in x if name not in encoder.names]
            if unknown:
                raise InputError(
                    _(
                        "the step names {name!r}: expected some of {features}",
                        name=unknown[0],
                        features=listing(encoder.names),
                    )
                )
            absent = np.full(len(at), np.nan)
            x = np.stack([np.atleast_1d(np.asarray(x.get(n, absent), float)) for n in encoder.names], axis=-1)
        try:
            values = np.asarray(x, dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise InputError(_("a step of {name!r} holds something else than numbers", name=self._name)) from error
        shape = (len(at), len(encoder.names))
        if values.shape != shape and values.size == shape[0] * shape[1] and (shape[0] == 1 or shape[1] == 1):
            values = values.reshape(shape)
        if values.shape != shape:
            raise InputError(
                _(
                    "the step has shape {shape}: expected {expected}, rows that step and features ({features})",
                    shape=values.shape,
                    expected=shape,
                    features=listing(encoder.names[:8]),
                )
            )
        if np.isinf(values).any():
            raise InputError(
                _("a step of {name!r} is infinite: expected numbers, or NaN where one is missing", name=self._name)
            )
        each = np.arange(len(at) + 1, dtype=np.int64)
        waited = None
        if encoder.pace is not None:
            now = self._seconds(times, len(at))
            waited = np.where(np.isnan(self.last[at]), 0.0, now - self.last[at])
            if (waited < 0).any():
                raise InputError(
                    _("a step of {name!r} lies before the step before it: expected later times", name=self._name)
                )
        elif times is not None:
            raise InputError(_("times are given, but the steps of {name!r} have none: leave them out", name=self._name))
        seen = None if waited is None else Ragged(waited, each)
        found = encoder.encode(Steps(Ragged(values, each), encoder.names, seen)).values
        if waited is not None and encoder.pace is not None:
            found[:, -1] = np.log1p(waited / encoder.pace)
            self.last[at] = now  # pyright: ignore[reportPossiblyUnboundVariable]
        return found

    def _seconds(self, times: Any, count: int) -> npt.NDArray[np.float64]:
        if times is None:
            raise InputError(
                _("the steps of {name!r} have times: pass times=, a number of seconds or a date each", name=self._name)
            )
        given = np.atleast_1d(np.asarray(times))
        self._refuse_count(len(given), count)
        if given.dtype.kind in "Mm" or given.dtype == object:
            stamps = pd.to_datetime(given) if given.dtype.kind != "m" else pd.to_timedelta(given)
            return (
                stamps.to_numpy()
                .astype(f"{'timedelta' if given.dtype.kind == 'm' else 'datetime'}64[ns]")
                .astype(np.int64)
                / 1e9
            )
        return given.astype(np.float64)

    def _refuse_count(self, given: int, expected: int) -> None:
        if given != expected:
            raise InputError(
                _("{given} steps are given for {expected} rows: expected one for each", given=given, expected=expected)
            )
