"""Random networks, step by step, beside the same networks over whole sequences: what `step.py` asks last."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

import recurra as rc
from recurra.nn import Regularisation, Stack

CLOSE, CLOSE_IN_DOUBLE = 1e-5, 1e-12


def random_networks(number: int) -> dict[str, Any]:
    """The largest differences, relative to the largest output and 1, over so many networks; which ones go too far.

    A network of float64 may differ by 1e-12; one of float32 by 1e-5, or by three times what the layer over the sequence
    differs from float64 itself: a layer norm of one or two units multiplies roundings by up to 316.
    """
    worst, worst_in_double, beyond, kernels = 0.0, 0.0, [], {"cpu": 0, "reference": 0}
    for seed in range(number):
        network, x, lengths = random_network(seed)
        exact = whole(network.double(), x.double(), lengths)
        kernel, in_double = difference(network, x.double(), lengths, exact, seed)
        single = whole(network.float(), x, lengths)
        _, found = difference(network, x, lengths, single, seed)
        kernels[kernel] += 1
        worst, worst_in_double = max(worst, found), max(worst_in_double, in_double)
        own = relative(single, exact)
        if not (found <= max(CLOSE, 3 * own) and in_double <= CLOSE_IN_DOUBLE):
            beyond.append(seed)
    return {
        "networks": number, "by the engine": kernels["cpu"], "by the reference": kernels["reference"],
        "largest difference": worst, "in float64": worst_in_double, "refusal": f"seeds {beyond}" if beyond else "",
    }  # fmt: skip


def random_network(seed: int) -> tuple[Any, torch.Tensor, np.ndarray]:
    """A stack of one to three random layers, its input [T, B, F], and a length for each row."""
    draw = np.random.default_rng(seed)
    torch.manual_seed(seed)
    features, batch = int(draw.integers(1, 40)), int(draw.integers(1, 30))
    layers, width = [], features
    for _ in range(draw.integers(1, 4)):
        layers.append(random_layer(draw, width))
        width = layers[-1].width
    lengths = draw.integers(0, 25, batch)
    return Stack(layers).eval(), torch.randn(max(1, int(lengths.max())), batch, features), lengths


def whole(network: Any, x: torch.Tensor, lengths: np.ndarray) -> np.ndarray:
    """The outputs over the whole sequence, by the reference."""
    with torch.no_grad(), rc.backend("reference"):
        return network(x, lengths=lengths.tolist())[0].numpy()


def difference(
    network: Any, x: torch.Tensor, lengths: np.ndarray, expected: np.ndarray, seed: int
) -> tuple[str, float]:
    """The rows step in random subsets until each has come to its end: the kernel, and the largest difference."""
    draw = np.random.default_rng([seed, 1])
    stream, at, found = network.stream(len(lengths)), np.zeros(len(lengths), np.int64), np.zeros_like(expected)
    given = x.numpy()
    while (waiting := np.flatnonzero(at < lengths)).size:
        rows = draw.permutation(waiting)[: draw.integers(1, waiting.size + 1)]
        found[at[rows], rows] = stream.step_rows(rows, given[at[rows], rows])
        at[rows] += 1
    return stream.kernel, relative(found, expected)


def relative(found: np.ndarray, expected: np.ndarray) -> float:
    """The largest difference, in units of the largest output or 1."""
    return float(np.abs(found - expected).max()) / max(1.0, float(np.abs(expected).max()))


def random_layer(draw: np.random.Generator, features: int) -> Any:
    """A causal layer of any cell and options."""
    kind = str(draw.choice(["RNN", "LSTM", "GRU", "LSTM", "GRU", "MinGRU", "SLSTM"]))
    hidden = int(draw.integers(1, 80))
    options: dict[str, Any] = {"num_layers": int(draw.integers(1, 3)), "bias": bool(draw.integers(2))}
    if kind in ("RNN", "LSTM"):
        options["layer_norm"] = bool(draw.integers(2))
    if kind == "RNN":
        options["nonlinearity"] = str(draw.choice(["tanh", "relu"]))
    if kind == "GRU":
        options["reset_after"] = bool(draw.integers(2))
    if kind == "LSTM":
        options["peepholes"] = bool(draw.integers(2))
        options["proj_size"] = int(draw.integers(0, hidden))
    if kind in ("RNN", "LSTM", "GRU") and draw.integers(2):
        options["regularisation"] = Regularisation(zoneout=0.2)
    return getattr(rc.nn, kind)(features, hidden, **options)
