"""A transcriber as graphs: steps of features in, log probabilities of units out; of a causal network also a step."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from recurra.deploy.exported import Case, Exported
from recurra.deploy.graph.algebra import Term
from recurra.deploy.graph.builder import Builder
from recurra.deploy.graph.layers import add_layer
from recurra.deploy.graph.nodes import Graph
from recurra.language import _
from recurra.nn.transcription import TranscriptionNetwork
from recurra.tasks.speech.model import TranscriptionModel

_ROWS, _STEPS = 3, 12  # of the vectors


def exported(model: TranscriptionModel) -> Exported:
    """The graphs of the networks; what searches words in their probabilities stays behind."""
    networks = [member.network for member in model.members]
    why = next((network.why_not_causal for network in networks if network.why_not_causal), "")
    whole, step = _graph(model, whole=True), None if why else _graph(model, whole=False)
    cases = tuple(_case(model, row, steps) for row, steps in enumerate((*[_STEPS] * (_ROWS - 1), 1)))
    first = cases[0]
    steps = tuple(
        Case({"features": first.inputs["features"][t]}, {"log_probability": first.outputs["log_probability"][t]})
        for t in range(0 if why else len(first.inputs["features"]))
    )
    remark = ""
    if any(network.writer is not None for network in networks):
        remark = _(
            "The files hold the layers and their CTC output. Not in them is the decoder with attention, which takes "
            "part in the search of predict, whose texts may be others."
        )
    return Exported("transcribe", whole, step, _sidecar(model), cases, steps, why, remark=remark)


def _graph(model: TranscriptionModel, *, whole: bool) -> Graph:
    b = Builder()
    x = b.input("features", model.reader.features, at=b.axis("steps") if whole else "")
    total: Term | None = None
    for k, member in enumerate(model.members):
        y, number, layers = x, 0, member.network.layers
        for layer in layers:
            y, number = add_layer(b, y, layer, False, number, f"member{k}_")
        z = Term(b, b.linear(y, member.network.head.weight, member.network.head.bias))
        away = z - z.largest()
        logs = away - away.apply("exp").sum().apply("log")
        if len(model.members) > 1:
            logs = logs.apply("exp")
        total = logs if total is None else total + logs
    assert total is not None
    if len(model.members) > 1:
        total = (total / float(len(model.members))).apply("log")
    return b.finish(total.v, names=("log_probability",))


@torch.no_grad()
def _case(model: TranscriptionModel, row: int, steps: int) -> Case:
    """Features at random, and what the networks say of each step; one that looks ahead, so many steps later."""
    given = np.random.default_rng(row).normal(size=(steps, model.reader.features)).astype(np.float32)
    every = [_said(member.network, torch.from_numpy(given)[:, None]) for member in model.members]
    logs = every[0] if len(every) == 1 else torch.stack(every).logsumexp(0) - float(np.log(len(every)))
    return Case({"features": given}, {"log_probability": logs.numpy()})


def _said(network: TranscriptionNetwork, x: torch.Tensor) -> torch.Tensor:
    """Log probabilities [T, K] as the layers give them, without what a causal network looks ahead."""
    for layer in network.layers:
        x = layer(x)[0]
    return network.head(x)[:, 0].log_softmax(-1)


def _sidecar(model: TranscriptionModel) -> dict[str, Any]:
    """What the graphs cannot say: how features are made of sound, and how probabilities become text."""
    reader, options, kind = model.reader, model.reader.options, model.reader.kind
    sound: dict[str, Any] = {} if kind is None else {name: value for name, value in vars(kind).items() if _plain(value)}
    ahead = model.members[0].network.delay
    return {
        "task": "transcribe",
        "units": list(model.spelling.names),
        "sound": sound,
        "cepstra": options.cepstra,
        "normalise": options.normalise,
        "mean": reader.mean.tolist(),
        "spread": reader.spread.tolist(),
        "deltas": options.deltas,
        "delta_spread": reader.delta_spread.tolist(),
        "stack": options.stack,
        "ahead": ahead,
        "how": {
            "features": "log-mel bands of `sound` (with `cepstra` that many cosine coefficients of them); less the "
            "mean and over the spread of the recording (`normalise` utterance), of the speaker, or `mean` and `spread` "
            "(corpus; the less a recording has of 50 frames, the more of `spread`); with `deltas` beside their first "
            "and second differences over 2 frames to each side, over `delta_spread`; `stack` frames in one step",
            "units": "unit 0 is the blank; the best path is the largest of each step, repeated ones once, no blanks",
            "ahead": "what is said at a step is of the step so many before: zeros follow the end of a recording",
            "words": "the search for words and the language model are not in the files: the best path needs neither",
        },
    }


def _plain(value: object) -> bool:
    return isinstance(value, int | float | str | bool) or value is None
