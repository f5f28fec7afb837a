"""The number of bits that a network has while it writes, and what fewer of them cost.

One symbol of one text takes as long as reading the weights. In 8 bits (a scale for each output) or bfloat16 they stay
in the cache of a core. What the rounding costs is measured after training, on held-out symbols.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from scipy.special import log_softmax

from recurra.nn.generator import GeneratorNetwork
from recurra.nn.stream import Stream
from recurra.nn.transformer import has_blocks
from recurra.nn.transformer_stream import TransformerStream

Ints = npt.NDArray[np.int64]

Precision = Literal["float32", "bfloat16", "int8"]
PRECISIONS: tuple[Precision, ...] = ("float32", "bfloat16", "int8")
AFFORDABLE = 0.001  # nats per symbol
_SMALL = 200_000  # weights; smaller networks stay in the cache anyway
_ROWS, _STEPS = 8, 500  # of the symbols that costs are measured on, at most


def is_large(network: GeneratorNetwork) -> bool:
    """Whether fewer bits make it write faster; a Transformer's steps are PyTorch's, and are not made so."""
    return not has_blocks(network) and sum(parameter.numel() for parameter in network.parameters()) > _SMALL


def halves() -> bool:
    """Whether the machine multiplies bfloat16."""
    return torch.cpu._is_avx512_bf16_supported()


def chosen(network: GeneratorNetwork, costs: Mapping[str, float]) -> Precision:
    """The fastest whose cost is at most 0.001 nats per symbol; where costs were not measured, bfloat16 counts as such.

    >>> from recurra.nn.generator import GeneratorOptions
    >>> chosen(GeneratorNetwork(30, "lstm", GeneratorOptions(hidden=8)), {"int8": 0.0})
    'float32'
    """
    if not is_large(network):
        return "float32"
    if costs.get("int8", np.inf) <= AFFORDABLE:
        return "int8"
    return "bfloat16" if halves() and costs.get("bfloat16", 0.0) <= AFFORDABLE else "float32"


def stream_of(network: GeneratorNetwork, precision: Precision, rows: int) -> Stream | TransformerStream:
    """The network as a stream on one thread."""
    if precision == "bfloat16":
        network = halved(network)
    return network.stream(rows, threads=1, int8=precision == "int8")


def halved(network: GeneratorNetwork) -> GeneratorNetwork:
    """A copy in bfloat16."""
    return deepcopy(network).to(torch.bfloat16).eval()


def costs_of(network: GeneratorNetwork, symbols: Ints, start: int) -> dict[str, float]:
    """By precision the nats per held-out symbol beyond those of float32; nothing of a small network."""
    steps = min(_STEPS, len(symbols) // _ROWS)
    if not is_large(network) or steps < 1:
        return {}
    lanes = symbols[: steps * _ROWS].reshape(_ROWS, steps).T
    given = np.concatenate([np.full((1, _ROWS), start), lanes[:-1]])
    table = network.embedding.weight.detach().float().cpu().numpy()
    nats = {}
    for precision in PRECISIONS:
        stream = stream_of(network, precision, _ROWS)
        logits = np.stack([stream.step(table[now]) for now in given])
        found = log_softmax(logits.astype(np.float64), axis=-1)
        nats[precision] = -float(np.take_along_axis(found, lanes[..., None], axis=-1).mean())
    return {name: nats[name] - nats["float32"] for name in PRECISIONS[1:]}
