"""The network of a voice: symbols become frames of a spectrum, each symbol for as long as it is said to last.

    m_u = R1(E_base[s_u] + E_mark[s_u] + E_speaker)              [U, B, 2 H]
    d_u = exp(w . f(m_u)) - 1                                    frames of each symbol
    a_t = [m_u(t), where t stands in u]                          every symbol repeated d_u times
    p_t, v_t = R2(a_t)                                           pitch, and the logit of a voice
    y_t = R3(W [a_t, hats(p_t) v_t])                             log-mel bands

In training durations and pitch are those of the recordings, so that R3 need not guess what they decide; no attention
is learnt. R1 to R3 run in both directions. Pitch is read through triangular hats, so that each level of it has weights
of its own: in the spectrum it moves every harmonic.
Sources: Zen, Senior, Schuster (2013), "Statistical parametric speech synthesis using deep neural networks"; Fan, Qian,
Xie, Soong (2014), "TTS synthesis with bidirectional LSTM based recurrent neural networks"; Ren et al. (2021),
"FastSpeech 2", for the pitch between the two.
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from recurra.errors import InputError
from recurra.language import _
from recurra.nn.cell_layer import layer_of
from recurra.nn.network import Network

PLACES = 5  # numbers that say where a frame stands in its symbol
HATS, REACH = 24, 3.0  # of the pitch, over so many spreads to each side of the mean
_LASTING = 2.0  # log(1 + frames) of every symbol before anything is learnt


@dataclass(frozen=True)
class VoiceOptions:
    """The sizes of the network.

    embedding  of a symbol
    encoder    units of each direction that read symbols
    melody     units of each direction that say the pitch
    hidden, layers  units of each direction that say the bands, and their layers
    dropout    share of features dropped between layers, the same ones at every step of a row
    """

    embedding: int = 128
    encoder: int = 128
    melody: int = 96
    hidden: int = 192
    layers: int = 2
    dropout: float = 0.1

    def __post_init__(self) -> None:
        for name in ("embedding", "encoder", "melody", "hidden", "layers"):
            value = getattr(self, name)
            if not isinstance(value, Integral) or isinstance(value, bool) or value < 1:
                raise InputError(
                    _("{name} is {value!r}: expected a whole number of at least 1", name=name, value=value)
                )
        if not isinstance(self.dropout, Real) or not 0 <= float(self.dropout) < 1:
            raise InputError(
                _("{name} is {value!r}: expected a share of at least 0 and below 1", name="dropout", value=self.dropout)
            )


class Spoken(NamedTuple):
    """Symbols of B rows: `bases`, `marks` [U, B], `lengths` [B] and `speakers` [B]."""

    bases: Tensor
    marks: Tensor
    lengths: Tensor
    speakers: Tensor


class Spread(NamedTuple):
    """Which symbol each frame belongs to, `owners` [T, B], where it stands in it, `places` [T, B, PLACES], and the
    `lengths` [B] in frames."""

    owners: Tensor
    places: Tensor
    lengths: Tensor


class Said(NamedTuple):
    """durations [U, B], log(1 + frames); pitch [T, B]; voiced [T, B], logits; bands [T, B, C]; all but the first
    normalised."""

    durations: Tensor
    pitch: Tensor
    voiced: Tensor
    bands: Tensor


def spread_of(durations: Tensor) -> Spread:
    """Of whole numbers of frames [U, B], 0 after the end of a row.

    >>> spread_of(torch.tensor([[2], [0], [1]])).owners.T.tolist()
    [[0, 0, 2]]
    """
    lengths = durations.sum(dim=0)
    steps, rows = int(lengths.max()), durations.shape[1]
    owners = torch.zeros(steps, rows, dtype=torch.long)
    places = torch.zeros(steps, rows, PLACES)
    for b in range(rows):
        own = durations[:, b]
        which = torch.repeat_interleave(torch.arange(len(own)), own)
        size = own[which].float()
        start = (own.cumsum(0) - own)[which]
        at = torch.arange(len(which)) - start
        owners[: len(which), b] = which
        done, left = at.float(), size - 1 - at.float()
        share = (done + 0.5) / size
        columns = [share, (done / 4).tanh(), (left / 4).tanh(), (size + 1).log() / 2 - 1, 4 * share * (1 - share)]
        places[: len(which), b] = torch.stack(columns, dim=1)
    return Spread(owners, places, lengths)


class VoiceNetwork(Network):
    """See the module; `bands` of a frame, `speakers` from 1 on."""

    def __init__(self, bases: int, marks: int, speakers: int, bands: int, cell: str, options: VoiceOptions) -> None:
        super().__init__()
        self.options = options
        layer, size = layer_of(cell), options.embedding
        self.base, self.mark = nn.Embedding(bases, size), nn.Embedding(marks, size)
        self.speaker = nn.Embedding(speakers, size) if speakers > 1 else None
        self.reading = layer(size, options.encoder, bidirectional=True)
        wide = 2 * options.encoder
        self.lasting = nn.Sequential(nn.Linear(wide, wide), nn.ReLU(), nn.Linear(wide, 1))
        nn.init.constant_(self.lasting[-1].bias, _LASTING)  # pyright: ignore[reportArgumentType]
        self.singing = layer(wide + PLACES, options.melody, bidirectional=True)
        self.pitch = nn.Linear(2 * options.melody, 2)
        self.into = nn.Linear(wide + PLACES + HATS + 1, 2 * options.hidden)
        self.speaking = nn.ModuleList(
            layer(2 * options.hidden, options.hidden, bidirectional=True) for _k in range(options.layers)
        )
        self.bands = nn.Linear(2 * options.hidden, bands)

    def read(self, spoken: Spoken) -> Tensor:
        """Symbols -> features [U, B, 2 H]."""
        x = self.base(spoken.bases) + self.mark(spoken.marks)
        if self.speaker is not None:
            x = x + self.speaker(spoken.speakers)
        found, _state = self.reading(self._dropped(x), lengths=spoken.lengths)
        return self._dropped(found)

    def last(self, features: Tensor) -> Tensor:
        """log(1 + frames) [U, B] of each symbol."""
        return self.lasting(features).squeeze(-1).float()

    def sing(self, features: Tensor, spread: Spread) -> tuple[Tensor, Tensor, Tensor]:
        """Features of frames [T, B, F], their pitch [T, B] and the logits of a voice [T, B]."""
        wide = features.shape[-1]
        own = features.gather(0, spread.owners.unsqueeze(-1).expand(-1, -1, wide))
        frames = torch.cat([own, spread.places.to(own.dtype)], dim=-1)
        sung, _state = self.singing(frames, lengths=spread.lengths)
        pitch, voiced = self.pitch(sung).float().unbind(-1)
        return frames, pitch, voiced

    def speak(self, frames: Tensor, pitch: Tensor, voiced: Tensor, lengths: Tensor) -> Tensor:
        """Features of frames, pitch [T, B] and voice [T, B], 0 or 1 -> bands [T, B, C]."""
        hats = torch.linspace(-REACH, REACH, HATS, device=pitch.device)
        width = 2 * REACH / (HATS - 1)
        level = (1 - (pitch.clamp(-REACH, REACH).unsqueeze(-1) - hats).abs() / width).clamp(min=0)
        voice = voiced.unsqueeze(-1)
        x = self.into(torch.cat([frames, (level * voice).to(frames.dtype), voice.to(frames.dtype)], dim=-1))
        x = torch.tanh(x)
        for layer in self.speaking:
            found, _state = layer(self._dropped(x), lengths=lengths)
            x = x + found
        return self.bands(self._dropped(x)).float()

    @property
    def why_not_causal(self) -> str:
        """Why there is no step: a text is read whole."""
        return "it reads a text in both directions before it speaks"

    def forward(
        self, spoken: Spoken, spread: Spread, pitch: Tensor, voiced: Tensor, state: None = None
    ) -> tuple[Said, None]:
        """What it says of all of it, the bands by the pitch and voice that are given [T, B]; there is no state."""
        self.refuse_state(state)
        features = self.read(spoken)
        frames, sung, there = self.sing(features, spread)
        return Said(self.last(features), sung, there, self.speak(frames, pitch, voiced, spread.lengths)), None

    def _dropped(self, x: Tensor) -> Tensor:
        rate = self.options.dropout
        return x * functional.dropout(torch.ones_like(x[0]), rate) if self.training and rate else x
