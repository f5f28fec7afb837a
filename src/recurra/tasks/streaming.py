"""What the streams of all estimators have in common: rows that go on one step at a time, and their state as a file."""

from __future__ import annotations

import operator
from abc import ABC, abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recurra.errors import InputError, ModelFileError
from recurra.language import _
from recurra.nn.stream_arrays import row_numbers
from recurra.state_file import read_state, write_state

Ints = npt.NDArray[np.int64]

_MAGIC = "recurra estimator stream"


class EstimatorStream(ABC):
    """Abstract: `batch` rows of a fitted estimator, each at a place of its own in what it reads.

    A subclass says what `_tensors` its state consists of, as arrays that it changes in place, and which model it
    belongs to (`_fingerprint`).
    """

    kind: str  # of estimator, as in its model files
    batch: int

    @abstractmethod
    def reset(self, rows: Any = None) -> None:
        """Begin anew: some rows, by their numbers or as a mask, or all."""

    @abstractmethod
    def _tensors(self) -> Mapping[str, npt.NDArray[Any]]: ...

    @abstractmethod
    def _fingerprint(self) -> str: ...

    def save(self, path: str | Path) -> None:
        """Write the state of all rows to a safetensors file, with what it belongs to."""
        write_state(path, _MAGIC, {"kind": self.kind, "model": self._fingerprint()}, self._tensors())

    def load(self, path: str | Path) -> None:
        """Go on from a state that `save` wrote; it stays as it is where the file is refused.

        Raises ModelFileError for a file that is none, or that belongs to another model or other rows.
        """
        tensors = self._tensors()
        what = _("the state of a stream of a {kind}, as save() writes it", kind=self.kind)
        found = read_state(path, _MAGIC, what, tensors, self._check_header)
        for name, array in found.items():
            tensors[name][...] = array
        self._moved(np.arange(self.batch))

    def row_state(self, row: int) -> dict[str, npt.NDArray[Any]]:
        """The state of one row, as copies of arrays by name."""
        return {name: np.array(array[row]) for name, array in self._tensors().items()}

    def put_row_state(self, row: int, state: Mapping[str, npt.NDArray[Any]]) -> None:
        """Set the state of one row to what `row_state` gave, of this stream or another one of the same model.

        Raises ModelFileError for arrays of other names, shapes or types; the row stays as it is then.
        """
        tensors = self._tensors()
        for name in tensors.keys() | state.keys():
            here, given = tensors.get(name), state.get(name)
            if here is None or given is None or here.shape[1:] != given.shape or here.dtype != given.dtype:
                raise ModelFileError(_("the state holds {name!r} in another form: expected that of a row", name=name))
        for name, array in tensors.items():
            array[row] = state[name]
        self._moved(np.array([row]))

    def _check_header(self, path: Path, header: dict[str, Any]) -> None:
        kind, model = str(header["kind"]), str(header["model"])
        if kind != self.kind:
            raise ModelFileError(
                _(
                    "{path} is the state of a stream of a {other}: expected a {kind}",
                    path=path,
                    other=kind,
                    kind=self.kind,
                )
            )
        if model != self._fingerprint():
            raise ModelFileError(
                _(
                    "{path} is the state of a stream of another model, or of other series: load it into a stream of "
                    "the same",
                    path=path,
                )
            )

    def _moved(self, at: Ints) -> None:  # noqa: B027  # most have nothing to do then
        """Some rows are at another place now than their last step left them."""

    def _rows(self, rows: Any) -> Ints:
        """The numbers [k] of rows, or of all."""
        return np.arange(self.batch) if rows is None else row_numbers(rows, self.batch)


def checked_count(name: str, number: Any) -> int:
    """A number of streams; raises InputError for what is none."""
    try:
        found = operator.index(number)
    except TypeError:
        found = 0
    if isinstance(number, bool) or found < 1:
        raise InputError(_("{name} is {number!r}: expected a whole number of at least 1", name=name, number=number))
    return found
