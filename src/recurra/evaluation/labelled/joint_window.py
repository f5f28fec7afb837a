"""The window of a tagger together with what is said of the whole example: a baseline that has seen every input.

    logits_t = window around t + sum over the other inputs of features w

All coefficients are fitted at once.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy import sparse

from recurra.data.encoders.reader import Fixed
from recurra.data.examples.ragged import Ragged
from recurra.evaluation.labelled.fixed_model import FixedModel, fixed_block
from recurra.evaluation.labelled.logistic import fit_softmax
from recurra.evaluation.labelled.windows import WIDTH, SymbolWindow, ValueWindow, checked_tags, look_around
from recurra.evaluation.shared.sparse import Sparse

Floats = npt.NDArray[np.floating]


@dataclass(frozen=True, eq=False)
class JointWindow:
    """The logits of a `window` and, for all steps of an example, those of what is `beside` it, with intercepts of 0."""

    window: SymbolWindow | ValueWindow
    beside: dict[str, FixedModel]

    @property
    def intercepts(self) -> Floats:
        """Of all inputs together [K]."""
        return self.window.intercepts

    def outputs(self, sequence: Ragged, beside: Mapping[str, Fixed]) -> Floats:
        """The logits of every step [N_total, K] of N sequences, with the other inputs of the fit [N]."""
        facts = np.zeros((len(sequence), len(self.intercepts)))
        for name in sorted(self.beside):  # a model file keeps no other order
            facts += self.beside[name].outputs(beside[name])
        return self.window.outputs(sequence) + np.repeat(facts, sequence.lengths, axis=0)


def fit_joint_window(
    sequence: Ragged,
    beside: Mapping[str, Fixed],
    tags: npt.ArrayLike,
    classes: int,
    *,
    width: int = WIDTH,
    seed: int = 0,
) -> JointWindow:
    """Logistic regression on the `width` places around a step and on all that is `beside`, at least one input [N].

    `sequence` and `tags` [N_total] are those of `windows.fit_window`, which draws the steps.
    """
    tags = checked_tags(sequence, tags)
    blocks = {name: fixed_block(beside[name]) for name in sorted(beside)}
    facts: Sparse = sparse.hstack([features for features, _ in blocks.values()], format="csr", dtype=np.float32)
    cells = int(facts.getnnz(axis=1).max(initial=0))
    around = look_around(sequence, tags, classes, width=width, seed=seed, beside=cells)
    owner = np.repeat(np.arange(len(sequence)), sequence.lengths)[around.chosen]
    x = sparse.hstack([sparse.csr_matrix(around.features), facts[owner]], format="csr")
    w, b = fit_softmax(x, tags[around.chosen], classes)
    ends = np.cumsum([around.features.shape[1], *(features.shape[1] for features, _ in blocks.values())])[:-1]
    of_window, *of_others = np.split(w, ends)
    parts = {name: made(share) for (name, (_, made)), share in zip(blocks.items(), of_others, strict=True)}
    return JointWindow(around.made(of_window, b), parts)
