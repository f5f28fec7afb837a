"""A stream that watches itself: as the truth comes, the same test as `watch` has of a file, one window at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.errors import ModelFileError
from recurra.evaluation.shared.watching import Promise, RunningTest
from recurra.language import _
from recurra.state_file import read_state, write_state
from recurra.tasks.watching import checked_promise, in_periods, sentence_of

Floats = npt.NDArray[np.floating]

KEPT = 5000  # windows that are remembered, for the sentence and the table
_MAGIC = "recurra stream watch"


class StreamWatch:
    """What a stream's later truths say of its model: whether what its test promised still holds.

    alpha  the probability at most with which a model that holds is ever called broken, however often one looks

    It takes constant time and memory. `state` holds its arrays, which `save` and `load` keep.
    """

    noun = "window"

    def __init__(self, promise: Promise | None, alpha: float) -> None:
        self.promise, self.alpha = checked_promise(promise, alpha), alpha
        self._test = RunningTest(self.promise, alpha)
        self.state: dict[str, npt.NDArray[Any]] = {
            "errors": np.full(KEPT, np.nan),
            "covered": np.full(KEPT, np.nan),
            "evidence": np.full(KEPT, np.nan),
            "places": np.zeros(KEPT, dtype=np.int64),
            **{f"test.{name}": array for name, array in self._test.state.items()},
        }

    @property
    def status(self) -> str:
        """ "holds", "broken", or "few": too few windows to say, whatever they had held."""
        return self._test.status

    @property
    def holds(self) -> bool:
        """Whether the model may be used further, for all that is known."""
        return self.status != "broken"

    @property
    def evidence(self) -> float:
        """What speaks against the promise: 1 at the beginning; `needed` gives it up."""
        return self._test.evidence

    @property
    def needed(self) -> float:
        """The evidence at which the promise is given up."""
        return self._test.needed

    @property
    def since(self) -> Any:
        """When the promise ceased to hold: the time of the first row of that window; None while it holds."""
        number = self._test.since
        if number is None:
            return None
        return self._time(int(self.state["places"][max(number, self._count - KEPT) % KEPT]))

    @property
    def sentence(self) -> str:
        """What that means, in one sentence."""
        part = self.windows
        if self._test.since is not None:
            part = part.iloc[max(self._test.since - max(self._count - KEPT, 0), 0) :]
        return sentence_of(self.promise, self.status, part, self.since, self.noun)

    @property
    def windows(self) -> pd.DataFrame:
        """A row for each of the last 5,000 windows: `time`, `error`, `covered` (NaN: none), `evidence`."""
        order = np.arange(max(self._count - KEPT, 0), self._count) % KEPT
        state = self.state
        return pd.DataFrame(
            {
                "time": [self._time(int(place)) for place in state["places"][order]],
                "error": state["errors"][order],
                "covered": state["covered"][order],
                "evidence": state["evidence"][order],
            }
        )

    @property
    def table(self) -> pd.DataFrame:
        """The same in a few periods, beside what was promised, as it is printed."""
        return in_periods(self.promise, self.windows, noun=f"{self.noun}s")

    def save(self, path: str | Path) -> None:
        """Write what was seen so far to a safetensors file."""
        write_state(path, _MAGIC, {"promise": self._promised()}, self.state)

    def load(self, path: str | Path) -> None:
        """Go on from what `save` wrote; raises ModelFileError for the file of another model or other rows."""

        def check(path: Path, header: dict[str, Any]) -> None:
            if header["promise"] != self._promised():
                raise ModelFileError(
                    _("{path} is the watch of a stream of another model, or with another alpha: watch anew", path=path)
                )

        what = _("what a stream of this model has watched, as save() writes it")
        for name, array in read_state(path, _MAGIC, what, self.state, check).items():
            self.state[name][...] = array
        self._test.restored()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.status}, {self._count} {self.noun}s, evidence {self.evidence:.3g})"

    @property
    def _count(self) -> int:
        return int(self._test.state["windows"][0])

    def _promised(self) -> list[float]:
        return [float(self.promise.error.mean()), float(self.promise.error.size), self.alpha]

    def _time(self, place: int) -> Any:
        """What a place in the data is called."""
        return place

    def _add(self, place: int, error: float, covered: float = float("nan")) -> None:
        """The next window, which began at `place`."""
        at, state = self._count % KEPT, self.state
        missed = 1.0 - covered if self.promise.missed.size else float("nan")
        state["places"][at], state["errors"][at], state["covered"][at] = place, error, covered
        state["evidence"][at] = self._test.add(error, missed)
