"""The matrix by which PyTorch compares its own recurrent layers between devices, ours against torch.nn: 516 cases.

After `test_nn.py::_test_RNN_cpu_vs_cudnn` of PyTorch: cell x bias x direction x batch_first x contiguity x packed x
form of the lengths, an LSTM with a projection too, relu and tanh, each without dropout and with a dropout of
everything. Its input is never other than contiguous; here it is.
"""

from __future__ import annotations

from itertools import product
from typing import Any, NamedTuple

import pytest
import torch
from tests.nn.pairs import Ran
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

import recurra as rc
from recurra.kernels import chooser

F, H, P, L, T, B = 10, 6, 3, 2, 7, 6
LENGTHS = [7, 5, 5, 2, 1, 1]
TOLERANCE = {torch.float64: 1e-12, torch.float32: 5e-5}  # theirs is 5e-5 in float64


class Options(NamedTuple):
    name: str
    bias: bool = True
    bidirectional: bool = False
    batch_first: bool = False
    contiguous: bool = True
    packed: bool = False
    tensor: bool = True
    projection: int = 0
    nonlinearity: str | None = None


SIX = list(product((True, False), repeat=6))
CELLS = [("RNN", 0), ("GRU", 0), ("LSTM", 0), ("LSTM", P)]
MATRIX = [Options(name, *six, projection=projection) for name, projection in CELLS for six in SIX]
MATRIX += [Options("RNN", nonlinearity=nonlinearity) for nonlinearity in ("tanh", "relu")]


def strided(tensor: Tensor) -> Tensor:
    """The same numbers with gaps between them."""
    apart = torch.stack([torch.full_like(tensor, torch.nan), tensor], -1).select(-1, 1)
    assert tensor.numel() < 2 or not apart.is_contiguous()
    return apart


def answer(layer: nn.RNNBase, options: Options, x: Tensor, hx: list[Tensor], seeds: list[Tensor]) -> dict[str, Tensor]:
    """Outputs, last states and every gradient, by name."""
    leaves = {"x": x, **{f"hx{i}": state for i, state in enumerate(hx)}}
    leaves = {name: leaf.detach().clone().requires_grad_() for name, leaf in leaves.items()}
    leaves |= dict(layer.named_parameters())
    given: Any = leaves["x"]
    states = [leaves[f"hx{i}"] for i in range(len(hx))]
    if options.packed:
        lengths = torch.tensor(LENGTHS) if options.tensor else LENGTHS
        given = pack_padded_sequence(given, lengths, batch_first=options.batch_first)
    if not options.contiguous:
        states = [strided(state) for state in states]
        given = given._replace(data=strided(given.data)) if isinstance(given, PackedSequence) else strided(given)
    outputs, last = layer(given, tuple(states) if len(states) == 2 else states[0])
    if isinstance(outputs, PackedSequence):
        outputs, seeds = outputs.data, [pack_padded_sequence(seeds[0], LENGTHS, options.batch_first).data, *seeds[1:]]
    if not options.contiguous:
        seeds = [strided(seed) for seed in seeds]
    results = [outputs, *(last if isinstance(last, tuple) else (last,))]
    gradients = torch.autograd.grad(results, list(leaves.values()), seeds)
    named = {f"result {i}": result for i, result in enumerate(results)}
    return named | {f"gradient of {name}": grad for name, grad in zip(leaves, gradients, strict=True)}


def compare(options: Options, dropout: float, dtype: torch.dtype) -> None:
    arguments: dict[str, Any] = dict(
        num_layers=L, bias=options.bias, dropout=dropout, bidirectional=options.bidirectional,
        batch_first=options.batch_first, dtype=dtype,
    )  # fmt: skip
    if options.projection:
        arguments["proj_size"] = options.projection
    if options.nonlinearity:
        arguments["nonlinearity"] = options.nonlinearity
    theirs = getattr(nn, options.name)(F, H, **arguments)
    ours = getattr(rc.nn, options.name)(F, H, **arguments)
    ours.load_state_dict(theirs.state_dict())
    directions, width = 1 + options.bidirectional, options.projection or H
    shape = (B, T) if options.batch_first else (T, B)
    x = torch.randn(*shape, F, dtype=dtype)
    hx = [torch.randn(L * directions, B, size, dtype=dtype) for size in (width, H)[: 1 + (options.name == "LSTM")]]
    seeds = [torch.randn(*shape, width * directions, dtype=dtype), *(torch.randn_like(state) for state in hx)]
    with rc.backend("cpu"), Ran() as ran:
        found = answer(ours, options, x, hx, seeds)
    assert ran.counts == {"cpu": L * directions}
    expected = answer(theirs, options, x, hx, seeds)
    assert list(found) == list(expected)
    for name, tensor in expected.items():
        torch.testing.assert_close(
            found[name], tensor, rtol=0, atol=TOLERANCE[dtype], msg=lambda text, name=name: f"{options}, {name}: {text}"
        )


def test_there_are_516_cases():
    assert 2 * len(set(MATRIX)) == 516


@pytest.mark.slow
@pytest.mark.skipif(bool(chooser.NO_ENGINE), reason="the C++ engine is not built here")
@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@pytest.mark.parametrize("dtype", list(TOLERANCE))
@pytest.mark.parametrize("dropout", [0.0, 1.0])
@pytest.mark.parametrize(("name", "projection"), CELLS)
def test_the_matrix(name, projection, dropout, dtype):
    torch.manual_seed(0)
    for options in MATRIX:
        if (options.name, options.projection) == (name, projection):
            compare(options, dropout, dtype)
