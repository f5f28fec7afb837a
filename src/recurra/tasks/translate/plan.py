"""Which network and which training suit so many pairs, where the user does not say."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from recurra.data.examples.splits import split_rows
from recurra.data.pairs.pairs import Pairs, components
from recurra.nn.cell_layer import TRANSFORMER
from recurra.nn.encoder_decoder import EncoderDecoderOptions
from recurra.training import TrainingOptions

_HELD = 0.03, 20, 1_000  # of the training pairs that end the training: their share, at least and at most
_STEPS = 4_500  # of a training; 3,000 have 2 BLEU less on Multi30k and Tatoeba (docs/log.md)
_LEAST = 60  # pairs below which none is held out


def default_network(pairs: int, cell: str) -> EncoderDecoderOptions:
    """Wider where there is more to learn; few pairs are memorised, and more is dropped.

    A Transformer of as many parameters, to within a twentieth, has three layers of 13/16 of the width.
    """
    width = 64 if pairs < 1_500 else 128 if pairs < 8_000 else 256
    rate = 0.3 if pairs < 50_000 else 0.2
    if cell == TRANSFORMER:
        width = 13 * width // 16
        return EncoderDecoderOptions(
            embedding=width, hidden=width, layers=3, heads=4, dropout=0.1, word_dropout=0.0, recurrent_dropout=0.0
        )
    return EncoderDecoderOptions(
        embedding=width, hidden=3 * width // 4, dropout=rate, recurrent_dropout=rate / 2, word_dropout=0.0
    )


def default_training(pairs: int, cell: str) -> TrainingOptions:
    """Batches grow with the square root of the number of pairs; about `_STEPS` steps, 8 to 40 passes."""
    batch = int(np.clip(2 ** round(np.log2(0.8 * np.sqrt(max(pairs, 1)))), 16, 128))
    epochs = float(np.clip(_STEPS * batch / max(pairs, 1), 8, 40))
    rate = 1e-3 if cell == TRANSFORMER else 3e-3
    return TrainingOptions(epochs=epochs, batch_size=batch, learning_rate=rate, weight_decay=0.0)


def held_out(pairs: Pairs, seed: int) -> npt.NDArray[np.int64]:
    """The pairs that end the training: whole components, so that none of them is learnt from in other words."""
    count = len(pairs)
    share, least, most = _HELD
    if count < _LEAST:
        return np.zeros(0, dtype=np.int64)
    groups = components(pairs)
    if len(np.unique(groups)) < 2:
        return np.zeros(0, dtype=np.int64)
    share = float(np.clip(share, least / count, most / count))
    return split_rows(count, share=min(share, 0.5), groups=groups, seed=seed).test
