"""Learning texts from speech: recordings and their units as a `training.Problem`, and what a network says of many."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from recurra.data.encoders.batching import like_with_like, read_and_told
from recurra.data.encoders.speech import SpeechReader
from recurra.data.examples.ragged import Ragged
from recurra.decoding.ctc.best_path import best_path
from recurra.decoding.ctc.distance import edit_distance
from recurra.decoding.ctc.joint import END, write
from recurra.decoding.together import Together
from recurra.nn.transcription import TranscriptionNetwork, TranscriptionOptions
from recurra.objectives.ctc import Targets, ctc_loss
from recurra.tasks.spoken.augmenting import Augmentation
from recurra.training.threads import fitting_threads

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

STEPS_AT_ONCE, ROWS_AT_ONCE = 1 << 14, 64


@dataclass(frozen=True, eq=False)
class SpeechData:
    """N recordings as they are learnt from: normalised frames, the units of their texts, and how frames are read."""

    reader: SpeechReader
    normal: Ragged
    units: Sequence[Ints]

    @property
    def lengths(self) -> Tensor:
        """Steps of the network of each recording [N]."""
        return torch.from_numpy(self.reader.count(self.normal.lengths))


class SpeechBatch(NamedTuple):
    """x [T, B, F], lengths [B], the units of each row, and what an attention decoder reads and tells [U + 1, B]."""

    x: Tensor
    lengths: Tensor
    targets: Targets
    told: tuple[Tensor, Tensor] | None = None


class SpeechProblem:
    """The `training.Problem` of transcription; `training` and `held` are numbers of recordings of `data`.

    A held-out recording counts by its edit distance: what a text of CTC loses in likelihood it may win in words. With
    an attention decoder it is that of the text written by it, one prefix at a time.
    """

    def __init__(
        self,
        network: TranscriptionNetwork,
        data: SpeechData,
        training: Ints,
        held: Ints,
        device: torch.device,
        augment: Augmentation | None,
    ) -> None:
        self.network: nn.Module = network.to(device)
        self.data, self.device, self.augment = data, device, augment
        self.training = torch.from_numpy(training)
        self.examples, self.lengths = len(training), data.lengths[self.training]
        self._options, self._begin = network.options, network.head.out_features
        self._held = torch.from_numpy(held)

    def batch(self, numbers: Tensor) -> SpeechBatch:
        """The training recordings `numbers` [B], changed as `augment` says."""
        return self._read(self.training[numbers.long()].tolist(), self.augment)

    def loss(self, network: nn.Module, batch: SpeechBatch) -> Tensor:
        """CTC's, a unit; with an attention decoder its mean cross-entropy of a unit, too, by their shares."""
        if batch.told is None:
            return ctc_loss(network(batch.x, batch.lengths)[0], batch.lengths, batch.targets)
        said, written = network(batch.x, batch.lengths, told=batch.told)
        share = self._options.ctc
        return share * ctc_loss(said, batch.lengths, batch.targets) + (1 - share) * written

    def validate(self, network: nn.Module) -> float:
        """Wrong units per unit of the held-out texts; NaN where there are none."""
        wrong = count = 0
        for places in like_with_like(self.data.lengths[self._held], STEPS_AT_ONCE, ROWS_AT_ONCE):
            numbers = self._held[places].tolist()
            batch = self._read(numbers, None)
            heard = Heard.by([network], batch.x, batch.lengths)  # pyright: ignore[reportArgumentType]
            found = units_of(heard if self.device.type == "cpu" else heard.aligned, self._options)  # steps: the CPU's
            for units, number in zip(found, numbers, strict=True):
                truth = self.data.units[number].tolist()
                wrong += edit_distance(truth, units)
                count += len(truth)
        return wrong / count if count else float("nan")

    def _read(self, numbers: Sequence[int], augment: Augmentation | None) -> SpeechBatch:
        units = [self.data.units[k] for k in numbers]
        mel = self.data.reader.kind is not None and not self.data.reader.options.cepstra
        rows = []
        for k, own in zip(numbers, units, strict=True):
            frames = self.data.normal[k]
            if augment is not None:
                changed = augment.changed(frames, mel=mel)
                fits = self.data.reader.count(len(changed)) >= 2 * len(own)  # or the loss may be infinite
                frames = changed if fits else frames
            rows.append(self.data.reader.steps(frames))
        x, lengths = padded(rows)
        told = None
        if self._options.decoder == "attention":
            tokens, after = read_and_told(units, self._begin, END)
            told = tokens.to(self.device), after.to(self.device)
        return SpeechBatch(x.to(self.device), lengths, Targets.of(units), told)


def padded(rows: Sequence[Floats]) -> tuple[Tensor, Tensor]:
    """Rows [T_b, F] side by side, zero after their ends [T, B, F], and their lengths [B]."""
    lengths = torch.tensor([len(row) for row in rows])
    x = torch.zeros(int(lengths.max()), len(rows), rows[0].shape[1])
    for k, row in enumerate(rows):
        x[: len(row), k] = torch.from_numpy(row)
    return x, lengths


@dataclass(frozen=True, eq=False)
class Heard:
    """What networks hear in B recordings.

    said     [T, B, K], log of the mean of the networks' probabilities
    lengths  [B]
    writing  the state of their attention decoders before the first unit; None where they have none
    """

    said: Tensor
    lengths: Tensor
    writing: Callable[[int], Together] | None

    @classmethod
    @torch.no_grad()
    def by(cls, networks: Sequence[TranscriptionNetwork], x: Tensor, lengths: Tensor) -> Heard:
        """Of steps x [T, B, F] up to `lengths` [B]."""
        heard = [network.heard(x, lengths)[0] for network in networks]
        every = [network.said(each) for network, each in zip(networks, heard, strict=True)]
        said = every[0] if len(every) == 1 else torch.stack(every).logsumexp(dim=0) - np.log(len(every))
        writers = [network.writer for network in networks]

        def writing(size: int) -> Together:
            return Together(
                [
                    writer.start(writer.encode(each, lengths), size)
                    for writer, each in zip(writers, heard, strict=True)
                    if writer is not None
                ]
            )

        return cls(said, lengths, None if None in writers else writing)

    @property
    def aligned(self) -> Heard:
        """Without attention decoders: what CTC says of each step."""
        return Heard(self.said, self.lengths, None)


@torch.no_grad()
def units_of(heard: Heard, options: TranscriptionOptions, size: int = 1) -> list[list[int]]:
    """The units of each recording: the best path's, or what an attention decoder writes of `size` prefixes."""
    said, lengths = heard.said.cpu(), heard.lengths
    if heard.writing is None:
        return [best_path(said[: int(length), row].numpy()) for row, length in enumerate(lengths)]
    return write(heard.writing(size), said, lengths, size=size, weight=options.ctc)


def hear(
    networks: Sequence[TranscriptionNetwork], reader: SpeechReader, normal: Ragged
) -> Iterator[tuple[Ints, Heard]]:
    """Recordings in batches of about equal length: their numbers [B], and what networks hear in them."""
    lengths = torch.from_numpy(reader.count(normal.lengths))
    with fitting_threads(networks[0]):
        for places in like_with_like(lengths, STEPS_AT_ONCE, ROWS_AT_ONCE):
            numbers = places.numpy()
            yield numbers, Heard.by(networks, *padded([reader.steps(normal[int(k)]) for k in numbers]))


def log_probabilities(
    networks: Sequence[TranscriptionNetwork], reader: SpeechReader, normal: Ragged
) -> list[npt.NDArray[np.float32]]:
    """What networks say of every step of recordings, the mean of their probabilities: [T, K] of each."""
    found: list[npt.NDArray[np.float32]] = [np.zeros((0, 1), np.float32)] * len(normal)
    for numbers, heard in hear(networks, reader, normal):
        for row, k in enumerate(numbers.tolist()):
            found[k] = heard.said[: int(heard.lengths[row]), row].numpy()
    return found
