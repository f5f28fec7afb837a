"""What is held out of the training of an ensemble, and how a network reads and is trained where nobody says."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.data.encoders.reader import TOKENS, Encoder, Fixed, Reader
from recurra.data.encoders.standardising import SeriesEncoder
from recurra.data.encoders.tokens import TextEncoder
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.splits import split_rows, strata_of
from recurra.nn.cell_layer import options_of
from recurra.nn.sequence import SequenceOptions
from recurra.training import TrainingOptions

Ints = npt.NDArray[np.int64]

_SHARE = 0.1, 0.2  # of the training examples that are held out: as a rule, and at most
_FEW, _MANY = 50, 10_000  # examples that are held out at least, if that is no greater share, and at most
_LEAST = 20  # examples below which none is held out
ALPHABET = 256  # tokens of a vocabulary below which they are letters rather than words


@dataclass(frozen=True, eq=False)
class Plan:
    """`known`: the examples with a label; `held`: those of them that no member of the ensemble learns from."""

    known: Ints
    held: Ints

    @property
    def learnt(self) -> Ints:
        """The examples that the networks learn from."""
        return np.setdiff1d(self.known, self.held)


def make_plan(labels: npt.NDArray | Ragged, groups: npt.NDArray | None, seed: int) -> Plan:
    """A tenth held out, of few examples more: stratified by class, groups kept together; none of very few."""
    known = np.flatnonzero(_has_label(labels))
    theirs = None if groups is None else groups[known]
    units = len(known) if theirs is None else len(pd.unique(theirs))
    if len(known) < _LEAST or units < 2:
        return Plan(known, known[:0])
    usual, most = _SHARE
    share = min(max(usual, _FEW / len(known)), most, _MANY / len(known))
    strata = None if isinstance(labels, Ragged) else strata_of(labels[known])
    parts = split_rows(len(known), share=share, strata=strata, groups=theirs, seed=seed)
    return Plan(known, known[parts.test])


def keeps_classes(plan: Plan, labels: npt.NDArray | Ragged) -> bool:
    """Whether every class that is held out is learnt from too."""
    if isinstance(labels, Ragged) or labels.dtype.kind == "f":
        return True
    held, learnt = labels[plan.held], labels[plan.learnt]
    if labels.ndim == 2:
        return bool(((learnt > 0).any(axis=0) | ~(held > 0).any(axis=0)).all())
    return bool(np.isin(held[held >= 0], learnt).all())


def default_network(
    encoder: Encoder, *, steps: float = 1, per_step: bool = False, cell: str = "gru"
) -> SequenceOptions:
    """How an input of usually so many `steps` is read where the user does not say; `per_step`: every step has a label.

    What the cell does not take is left out: recurrent dropout and layer norm of a minGRU.
    """
    network, taken = _any_network(encoder, steps, per_step), options_of(cell)
    return replace(
        network,
        layer_norm=network.layer_norm and "layer_norm" in taken,
        recurrent_dropout=network.recurrent_dropout if "recurrent_dropout" in taken else 0.0,
    )


def _any_network(encoder: Encoder, steps: float, per_step: bool) -> SequenceOptions:
    """The network that is best with a GRU.

    Words come with their meaning, which begins with the company they keep: a narrow recurrence suffices. Letters and
    numbers have theirs among their neighbours: a convolution comes first, and of a long sequence with one label it
    leaves 50 to 100 steps; where a whole string has one label, what stands where decides. Numbers come from few
    sources (persons, devices) that are easily memorised: layer norm, and features dropped. Measured on short
    texts, proteins, promoters, digits, speech, exercises.
    """
    if of_words(encoder):
        return SequenceOptions(embedding=128, dropout=0.5, input_dropout=0.3, recurrent_dropout=0.2, word_dropout=0.1)
    shrink = 1 if per_step else int(np.clip(2 ** np.floor(np.log2(max(steps, 1) / 50)), 1, 8))
    if isinstance(encoder, TOKENS):
        letters = SequenceOptions(embedding=32, convolution=(9,), channels=96, input_dropout=0.1, word_dropout=0.05)
        if per_step:
            return replace(letters, hidden=128, layers=2, dropout=0.4, recurrent_dropout=0.2)
        return replace(letters, shrink=shrink, positions=10, dropout=0.2)
    several = isinstance(encoder, SeriesEncoder) and encoder.width > 1
    return SequenceOptions(
        hidden=96,
        convolution=(7,),
        channels=64,
        shrink=shrink,
        pooling="last+mean",
        layer_norm=True,
        dropout=0.4,
        input_dropout=0.2 if several else 0.0,
    )


def usual_steps(column: Ragged | Fixed) -> float:
    """The median length of an input's sequences; 1 of what is none."""
    return float(np.median(column.lengths)) if isinstance(column, Ragged) and len(column) else 1.0


def of_words(encoder: Encoder) -> bool:
    """Whether its tokens are words rather than letters: cut as words, or too many for an alphabet."""
    if isinstance(encoder, TextEncoder) and encoder.level != "characters":
        return True
    return isinstance(encoder, TOKENS) and len(encoder.tokens) > ALPHABET


def default_training(reader: Reader, examples: int, *, per_step: bool = False) -> TrainingOptions:
    """How a network is trained on so many examples: batches grow with the square root of their number.

    Of words few passes are enough, since a network soon knows the rare ones by heart, and where every step has a label
    there is much to learn from each example; a single label of letters or numbers takes more. Of very many examples
    one pass is enough.
    """
    batch = int(np.clip(2 ** round(np.log2(0.6 * np.sqrt(max(examples, 1)))), 4, 256))
    words = any(of_words(encoder) for encoder in reader.encoders.values())
    steps = 450 if words or (per_step and reader.tokens is not None) else 1500
    fewest = float(np.clip(300_000 / max(examples, 1), 1, 3))
    return TrainingOptions(epochs=float(np.clip(steps * batch / max(examples, 1), fewest, 60)), batch_size=batch)


def _has_label(labels: npt.NDArray | Ragged) -> npt.NDArray[np.bool_]:
    if isinstance(labels, Ragged):
        owner = np.repeat(np.arange(len(labels)), labels.lengths)
        return np.bincount(owner[labels.values >= 0], minlength=len(labels)) > 0
    known: npt.NDArray[np.bool_] = np.isfinite(labels) if labels.dtype.kind == "f" else labels >= 0
    return known if known.ndim == 1 else np.any(known, axis=1)
