"""What a training run leaves behind besides the weights."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from torch import Tensor

COLUMNS = ("step", "train_loss", "validation_loss", "learning_rate", "gradient_norm", "clipped")


@dataclass(frozen=True)
class TrainingRecord:
    """A row of `COLUMNS` per validation, the best validation loss, the step of the weights kept, and all steps.

    `watched` is what a watcher recorded, as bytes; `remarks` say what went wrong beside the training, with the watcher
    or the log.
    """

    rows: np.ndarray
    best: float
    best_step: int
    steps: int
    interrupted: bool = False
    watched: Tensor | None = None
    remarks: tuple[str, ...] = ()

    @property
    def done(self) -> int:
        """The steps that were taken: fewer than all where the training was stopped."""
        return int(self.rows[-1][0]) if len(self.rows) else 0

    def frame(self) -> pd.DataFrame:
        """The rows as a table."""
        return pd.DataFrame(self.rows, columns=list(COLUMNS)).astype({"step": int})
