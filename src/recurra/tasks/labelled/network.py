"""The network for what a reader gives: its parts, and which tokens it knows."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from recurra.data.encoders.reader import TOKENS, Encoded, Encoder, Reader
from recurra.data.encoders.standardising import ColumnEncoder, SeriesEncoder
from recurra.data.examples.ragged import Ragged
from recurra.nn.sequence import InputSpec, SequenceNetwork, SequenceOptions
from recurra.objectives.objective import Objective
from recurra.tasks.labelled.plan import ALPHABET


def build_network(
    reader: Reader,
    objective: Objective,
    cell: str,
    networks: Mapping[str, SequenceOptions],
    optional: Collection[str],
    vectors: Mapping[str, Tensor],
) -> SequenceNetwork:
    """A fresh network, drawn from torch's global generator; embeddings begin with `vectors`."""
    parts = {name: part_of(encoder, name in optional) for name, encoder in reader.encoders.items()}
    return SequenceNetwork(parts, objective.outputs, cell, networks, per_step=objective.per_step, vectors=vectors)


def part_of(encoder: Encoder, optional: bool) -> InputSpec:
    """What the network must know of an input."""
    if isinstance(encoder, TOKENS):
        return InputSpec("tokens", len(encoder.tokens), optional=optional)
    if isinstance(encoder, SeriesEncoder):
        return InputSpec("numbers", encoder.width, optional=optional)
    if isinstance(encoder, ColumnEncoder):
        sizes = tuple(len(known) for known in encoder.categories.values())
        return InputSpec("columns", encoder.width, sizes, optional=optional)
    return (
        InputSpec("sound", 1, optional=optional)
        if encoder.shape is None
        else InputSpec("image", encoder.shape[0], (), optional)
    )


def mark_known(
    network: SequenceNetwork,
    encoded: Encoded,
    training: npt.NDArray[np.int64],
    given: Mapping[str, npt.NDArray[np.bool_]] | None = None,
) -> None:
    """Let tokens that no training example has be unknown ones, and words that occur once: nothing is learnt of them.

    `given` [V + 1] says, by input, of which tokens a file tells the vector: these are known however rare they are.
    """
    for name, known in network.known().items():
        column = encoded[name]
        assert isinstance(column, Ragged)
        counts = np.bincount(column.take(training).values, minlength=len(known))
        learnt = counts > (1 if len(known) > ALPHABET else 0)
        known.copy_(torch.from_numpy(learnt | given[name] if given and name in given else learnt))
