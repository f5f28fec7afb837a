"""Learning texts that are not aligned with their frames: the loss of connectionist temporal classification.

    loss = -log sum over all paths that spell the text of their probabilities, a unit

A text of more units than its recording has frames has no path, and its loss is infinite: `refuse_long` names such
recordings before any training. Source: Graves et al. (2006), section 4; torch computes it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor
from torch.nn import functional

from recurra.decoding.ctc.best_path import BLANK, frames_needed
from recurra.errors import InputError
from recurra.language import _, listing

_NAMED = 3  # recordings that a message names


@dataclass(frozen=True)
class Targets:
    """Units end to end [sum of U_b], and how many each row has [B]."""

    units: Tensor
    lengths: Tensor

    @classmethod
    def of(cls, texts: Sequence[npt.NDArray[np.int64]]) -> Targets:
        """Of the units of each row."""
        lengths = torch.tensor([len(units) for units in texts])
        return cls(torch.from_numpy(np.concatenate([np.zeros(0, np.int64), *texts])), lengths)


def ctc_loss(log_probabilities: Tensor, lengths: Tensor, targets: Targets) -> Tensor:
    """The mean over rows of the loss a unit, of log probabilities [T, B, K] up to `lengths` [B]; a scalar."""
    each = functional.ctc_loss(
        log_probabilities, targets.units, lengths, targets.lengths, blank=BLANK, reduction="none"
    )
    return (each / targets.lengths.clamp(min=1)).mean()


def refuse_long(
    units: Sequence[npt.NDArray[np.int64]], frames: npt.NDArray[np.integer], names: Sequence[str], texts: Sequence[str]
) -> None:
    """Raise InputError where a text has more units than its recording has steps, with the recording's name."""
    needed = np.array([frames_needed(each) for each in units], dtype=np.int64)
    wrong: list[int] = np.flatnonzero(needed > frames).tolist()
    if not wrong:
        return
    first = wrong[0]
    named = listing(names[k] for k in wrong[:_NAMED]) + (", ..." if len(wrong) > _NAMED else "")
    raise InputError(
        _(
            "the text of {name} ({text!r}) needs {needed} steps, and the recording has {frames} ({count} such: "
            "{named}): "
            "it belongs to another recording, or the recording is cut off; correct the rows, or remove them",
            name=names[first],
            text=texts[first][:60],
            needed=int(needed[first]),
            frames=int(frames[first]),
            count=len(wrong),
            named=named,
        )
    )
