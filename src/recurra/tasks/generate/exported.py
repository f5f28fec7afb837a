"""What writes, as graphs: a text so far in, the logits of the next symbol out; in one step, or after every symbol."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from recurra.data.text.alphabet import Alphabet
from recurra.deploy.exported import Case, Exported
from recurra.deploy.graph.builder import Builder
from recurra.deploy.graph.layers import add_layer
from recurra.deploy.graph.nodes import Graph
from recurra.nn.generator import GeneratorNetwork
from recurra.tasks.generate.model import TextModel

_ROWS, _STEPS = 3, 12  # of the vectors


def exported(model: TextModel) -> Exported:
    """The graphs of the network that writes; the n-grams, which only evaluate, stay behind."""
    network, generator = model.network, np.random.default_rng(0)
    rows = [generator.integers(0, network.size, steps) for steps in (*[_STEPS] * (_ROWS - 1), 1)]
    cases = tuple(Case({"symbol": row}, {"logits": _logits(network, row)}) for row in rows)
    first = cases[0]
    steps = tuple(
        Case({"symbol": np.atleast_1d(first.inputs["symbol"][t])}, {"logits": first.outputs["logits"][t]})
        for t in range(_STEPS)
    )
    whole, step = _graph(network, whole=True), _graph(network, whole=False)
    tokenizers = {"tokenizer.json": model.alphabet._cutter} if model.alphabet.level == "subwords" else {}
    sidecar = _sidecar(model.alphabet, model.kind, model.start)
    return Exported("generate", whole, step, sidecar, cases, steps, tokenizers=tokenizers)


def _graph(network: GeneratorNetwork, *, whole: bool) -> Graph:
    b = Builder()
    symbol = b.input("symbol", 1, whole=True, at=b.axis("symbols") if whole else "")
    x, number, layers = b.lookup(symbol, network.embedding.weight), 0, network.layers
    for layer in layers:
        x, number = add_layer(b, x, layer, False, number)
    return b.finish(b.linear(x, network.output.weight, network.output.bias), names=("logits",))


def _sidecar(alphabet: Alphabet, kind: str, start: int) -> dict[str, Any]:
    """What the graphs cannot say: the symbols, and how one is drawn from logits."""
    drawn = "drawn from softmax(logits / temperature), after `begin` and the symbols of the prompt"
    if kind == "notes":
        drawn += "; after a note (U+E000 and up) only a higher one, or the end of the frame (|)"
    return {
        "task": "generate",
        "kind": kind,
        "level": alphabet.level,
        "symbols": list(alphabet.symbols),
        "numbers": "of a symbol: its place in this list + 1; 0 for any other, which is never drawn",
        "begin": start,
        "next": drawn,
    }


@torch.no_grad()
def _logits(network: GeneratorNetwork, symbols: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """[T, V] after each symbol."""
    found, _state = network(torch.from_numpy(symbols)[:, None])
    return found[:, 0].numpy()
