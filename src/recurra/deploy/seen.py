"""Which examples a model was trained on, as fingerprints: so that later data can be evaluated without them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from recurra.errors import ModelFileError
from recurra.language import _


@dataclass(frozen=True, eq=False)
class Seen:
    """The `count` different fingerprints of what the model was trained on, in rising order: 64 bits of a hash each."""

    prints: npt.NDArray[np.int64]
    count: int

    def check(self) -> None:
        """Refuse fingerprints that are fewer or more than they are said to be, or do not rise."""
        if self.prints.shape != (self.count,) or bool((self.prints[1:] <= self.prints[:-1]).any()):
            raise ModelFileError(_("it has fingerprints of its training examples that do not rise"))
