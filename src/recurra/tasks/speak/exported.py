"""A voice as two graphs: symbols in, how long each lasts and its features out; features of frames in, bands out."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from recurra.deploy.exported import Case, Exported
from recurra.deploy.graph.algebra import Term, joined
from recurra.deploy.graph.builder import Builder
from recurra.deploy.graph.layers import add_layer
from recurra.deploy.graph.nodes import Graph
from recurra.language import _
from recurra.nn.voice import HATS, PLACES, REACH, Spoken, VoiceNetwork, spread_of
from recurra.tasks.speak.model import LONGEST, VoiceModel

_ROWS = 3  # of the vectors


def exported(model: VoiceModel) -> Exported:
    """The graphs of the voice; what makes a sound of its bands stays behind, and is said."""
    network: Any = model.members[2].network
    pairs = [_cases(model, network, row) for row in range(_ROWS)]
    remark = _(
        "The files go as far as log-mel bands. Not in them is what makes a sound of these (Griffin and Lim's "
        "iteration, as in librosa.feature.inverse.mel_to_audio), and what reads a text as symbols."
    )
    return Exported(
        "speak", _symbols(network), _frames(model, network), _sidecar(model, network), tuple(a for a, _b in pairs),
        tuple(b for _a, b in pairs), remark=remark, second="frames",
    )  # fmt: skip


def _symbols(network: VoiceNetwork) -> Graph:
    b = Builder()
    at = b.axis("symbols")
    base, mark = (b.input(name, 1, whole=True, at=at) for name in ("base", "mark"))
    x = b.add(b.lookup(base, network.base.weight), b.lookup(mark, network.mark.weight))
    if network.speaker is not None:
        who = b.input("speaker", 1, whole=True, at="")
        x = b.add(x, b.spread(b.lookup(who, network.speaker.weight), at))
    y, _number = add_layer(b, x, network.reading, False, 0)
    first: Any = network.lasting[0]
    last: Any = network.lasting[2]
    logs = Term(b, y).linear(first.weight, first.bias).apply("relu").linear(last.weight, last.bias)
    durations = logs.clip(0.0, LONGEST).cast(double=True).apply("exp") - 1.0
    return b.finish(durations.v, y, names=("duration", "features"))


def _frames(model: VoiceModel, network: VoiceNetwork) -> Graph:
    b = Builder()
    at, wide = b.axis("frames"), 2 * network.options.encoder
    features, places = b.input("features", wide, at=at), b.input("places", PLACES, at=at)
    frames = b.join([features, places])
    y, _number = add_layer(b, frames, network.singing, False, 0, "pitch_")
    tune = Term(b, b.linear(y, network.pitch.weight, network.pitch.bias))
    pitch, voiced = tune[0], tune[1]
    voice = Term(b, b.combine((voiced * 0.0).v, voiced.v, "less"))
    hats, width = np.linspace(-REACH, REACH, HATS), 2 * REACH / (HATS - 1)
    away = Term(b, b.scale(pitch.clip(-REACH, REACH).wide(HATS).v, 1.0, -hats)).apply("abs")
    level = (away * (-1.0 / width) + 1.0).clip(0.0, 1.0)
    inside = joined([Term(b, frames), level * voice, voice])
    x, number = inside.linear(network.into.weight, network.into.bias).apply("tanh").v, 0
    for layer in network.speaking:
        found, number = add_layer(b, x, layer, False, number, "bands_")
        x = b.add(x, found)
    bands = b.linear(x, network.bands.weight, network.bands.bias)
    restored = b.clip(b.scale(bands, model.scale.spread, model.scale.mean), model.scale.floor, 1e30)
    return b.finish(restored, names=("bands",))


@torch.no_grad()
def _cases(model: VoiceModel, network: VoiceNetwork, row: int) -> tuple[Case, Case]:
    """Symbols at random, how long they last, and the bands of frames so long."""
    rng, parts = np.random.default_rng(row), model.pronunciation.parts
    symbols = parts[rng.integers(0, len(parts), 3 + 2 * row)]
    who = int(rng.integers(0, len(model.speakers)))
    sizes = torch.tensor([len(symbols)])
    both = torch.from_numpy(symbols.astype(np.int64))[:, None]
    features = network.read(Spoken(both[..., 0], both[..., 1], sizes, torch.tensor([who])))
    logs = network.last(features).clamp(0.0, LONGEST)[:, 0].double()
    given: dict[str, Any] = {"base": symbols[:, 0], "mark": symbols[:, 1]}
    if network.speaker is not None:
        given["speaker"] = np.array([who])
    said = {"duration": logs.expm1()[:, None].numpy(), "features": features[:, 0].numpy()}
    spread = spread_of(torch.from_numpy(rng.integers(1, 5, len(symbols)))[:, None])
    frames, tune, voice = network.sing(features, spread)
    bands = network.speak(frames, tune, (voice > 0).float(), spread.lengths)[:, 0].numpy()
    own = features[spread.owners[:, 0], 0].numpy()
    second = Case({"features": own, "places": spread.places[:, 0].numpy()}, {"bands": model.scale.restored(bands)})
    return Case(given, said), second


def _sidecar(model: VoiceModel, network: VoiceNetwork) -> dict[str, Any]:
    """What the graphs cannot say: symbols, where a frame stands, what its bands are."""
    pronunciation, kind = model.pronunciation, model.vocoder.kind
    return {
        "task": "speak",
        "level": pronunciation.level,
        "language": pronunciation.language,
        "symbols": list(pronunciation.names),
        "parts": pronunciation.parts.tolist(),
        "pauses": pronunciation.pauses,
        "speakers": list(model.speakers) if network.speaker is not None else [],
        "sound": {name: getattr(kind, name) for name in ("rate", "bands", "window", "hop")},
        "how": {
            "base, mark": "of a symbol, its pair in `parts`, which are in the order of `symbols`",
            "duration": "frames; edges are the rounded running sum, so that what rounding takes from one symbol the "
            "next one gets; a symbol from number `pauses` on has one at least",
            "features": "of NAME_frames.onnx: those of each symbol, as often as it has frames",
            "places": "of frame t of a symbol of n: (t + 1/2) / n, tanh(t / 4), tanh((n - 1 - t) / 4), "
            "log(n + 1) / 2 - 1, and 4 s (1 - s) of the first of these, s",
            "bands": "the natural logarithm of the energy in each mel band, frames `hop` seconds apart",
        },
    }
