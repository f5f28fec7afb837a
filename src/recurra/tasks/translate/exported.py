"""A translator as two graphs: a source in, its memory out; the last token and the memory in, the next one's logits out.

The memory holds of each step what the decoder looks at and the keys that it is found by, network by network.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import torch

from recurra.data.pairs.subwords import BEGIN, END, UNKNOWN
from recurra.deploy.exported import Case, Exported
from recurra.deploy.graph.algebra import Term
from recurra.deploy.graph.builder import Builder
from recurra.deploy.graph.layers import add_layer
from recurra.deploy.graph.nodes import Graph, Vector
from recurra.errors import InputError
from recurra.language import _
from recurra.nn.attention import Attention
from recurra.nn.encoder_decoder import EncoderDecoder, RecurrentCore
from recurra.tasks.translate.model import LONGEST, Together, TranslationModel

_ROWS, _STEPS = 3, 9  # of the vectors


def exported(model: TranslationModel) -> Exported:
    """The graphs of the networks; the beam that searches stays behind.

    Raises InputError for Transformers.
    """
    networks = [member.network for member in model.members]
    if not all(isinstance(network.core, RecurrentCore) for network in networks):
        raise InputError(
            _("a Transformer looks at all tokens at every step, and has no export: train with a recurrent cell")
        )
    cases, steps = zip(*(_cases(model, row) for row in range(_ROWS)), strict=True)
    tokenizers = {"source.json": model.reading._cutter}
    if model.source is not None:
        tokenizers["target.json"] = model.target._cutter
    return Exported(
        "translate", _encoder(networks), _decoder(networks), _sidecar(model), cases, steps[0], tokenizers=tokenizers
    )  # fmt: skip


def _core(network: EncoderDecoder) -> RecurrentCore:
    core = network.core
    assert isinstance(core, RecurrentCore)
    return core


def _encoder(networks: list[EncoderDecoder]) -> Graph:
    b = Builder()
    source = b.input("source", 1, whole=True, at=b.axis("tokens"))
    parts = []
    for k, network in enumerate(networks):
        core = _core(network)
        table = network.table if network.source_table is None else network.source_table
        y, _number = add_layer(b, b.lookup(source, table), core.encoder, False, 0, f"member{k}_")
        values = b.linear(y, core.join.weight, core.join.bias)
        parts += [values, b.linear(values, core.attention.key.weight)]
    return b.finish(b.join(parts), names=("memory",))


def _decoder(networks: list[EncoderDecoder]) -> Graph:
    b = Builder()
    widths = [_core(network).join.out_features for network in networks]
    token = b.input("token", 1, whole=True, at="")
    memory = b.input("memory", 2 * sum(widths), at=b.axis("tokens"))
    place, total = 0, None
    for k, (network, width) in enumerate(zip(networks, widths, strict=True)):
        core = _core(network)
        values, keys = b.part(memory, place, width), b.part(memory, place + width, width)
        place += 2 * width
        gist = b.linear(b.pool(values, "mean"), core.gist.weight)
        x = b.add(b.lookup(token, network.table), gist)
        lower, _number = add_layer(b, x, core.lower, False, 0, f"member{k}_lower_")
        context = _looked_at(b, core.attention, lower, keys, values)
        upper, _number = add_layer(b, b.join([lower, context]), core.upper, False, 0, f"member{k}_upper_")
        features = b.linear(b.join([upper, context]), core.leave.weight, core.leave.bias)
        logits = b.linear(features, network.table, network.output.bias)
        part = logits if len(networks) == 1 else b.softmax(logits)
        total = part if total is None else b.add(total, part)
    assert total is not None
    if len(networks) > 1:
        total = (Term(b, total) / float(len(networks))).apply("log").v
    return b.finish(total, names=("logits",))


def _looked_at(b: Builder, attention: Attention, query: Vector, keys: Vector, values: Vector) -> Vector:
    """The context: of each head the mean of the memory by its shares."""
    asked, wide = b.linear(query, attention.query.weight), keys.width // attention.heads
    parts = []
    for head in range(attention.heads):
        own = [Term(b, b.part(each, head * wide, wide)) for each in (asked, keys, values)]
        question, key, value = Term(b, b.spread(own[0].v, keys.at)), own[1], own[2]
        if attention.form == "additive":
            weights = attention.score[head].detach().reshape(1, wide)
            score = (question + key).apply("tanh").linear(weights, exact=True)
        else:
            score = (question * key).sum() / math.sqrt(wide)
        parts.append(b.pool(value.v, "attention", score.v))
    return b.join(parts)


@torch.no_grad()
def _cases(model: TranslationModel, row: int) -> tuple[Case, tuple[Case, ...]]:
    """A source at random, its memory, and what follows tokens at random."""
    rng, networks = np.random.default_rng(row), [member.network for member in model.members]
    source = np.append(rng.integers(0, len(model.reading.tokens), 3 + 2 * row), END)
    lengths = torch.tensor([len(source)])
    every = [network.encode(torch.from_numpy(source)[:, None], lengths) for network in networks]
    parts = []
    for network, read in zip(networks, every, strict=True):
        parts += [read.values[0], _core(network).attention.key(read.values)[0]]
    memory = torch.cat(parts, -1).numpy()
    state = Together([network.start(read) for network, read in zip(networks, every, strict=True)])
    steps = []
    for token in (BEGIN, *rng.integers(0, len(model.target.tokens), _STEPS - 1).tolist()):
        logits, state = Together.step(torch.tensor([token]), state)
        steps.append(Case({"token": np.array([token]), "memory": memory}, {"logits": logits[0].numpy()}))
    return Case({"source": source}, {"memory": memory}), tuple(steps)


def _sidecar(model: TranslationModel) -> dict[str, Any]:
    """What the graphs cannot say: tokens, and how a translation is written."""
    return {
        "task": "translate",
        "tokens": list(model.target.tokens),
        "unknown": UNKNOWN,
        "begin": BEGIN,
        "end": END,
        "longest": LONGEST,
        "how": {
            "source": "the numbers that source.json gives a text, and `end` behind them",
            "token": "`begin` at first, then the one that was chosen: greedily the largest of `logits`, never `begin`",
            "memory": "of model.onnx; its lengths are those of the source",
            "text": "`tokens` joined, U+2581 as a blank, until `end`; at most 1.5 times the source's tokens and 10",
            "search": "the model itself searches with a beam, and writes no sequence of a few tokens twice; "
            "greedily is a little worse",
        },
    }
