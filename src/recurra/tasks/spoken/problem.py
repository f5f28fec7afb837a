"""Learning texts from speech: recordings and their units as a `training.Problem`, and what a network says of many."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from recurra.data.encoders.batching import like_with_like
from recurra.data.encoders.speech import SpeechReader
from recurra.data.examples.ragged import Ragged
from recurra.decoding.ctc.best_path import best_path
from recurra.decoding.ctc.distance import edit_distance
from recurra.nn.transcription import TranscriptionNetwork
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
    """x [T, B, F], lengths [B], and the units of each row."""

    x: Tensor
    lengths: Tensor
    targets: Targets


class SpeechProblem:
    """The `training.Problem` of transcription; `training` and `held` are numbers of recordings of `data`.

    A held-out recording counts by its edit distance: what a text of CTC loses in likelihood it may win in words.
    """

    def __init__(
        self,
        network: nn.Module,
        data: SpeechData,
        training: Ints,
        held: Ints,
        device: torch.device,
        augment: Augmentation | None,
    ) -> None:
        self.network, self.data, self.device, self.augment = network.to(device), data, device, augment
        self.training = torch.from_numpy(training)
        self.examples, self.lengths = len(training), data.lengths[self.training]
        self._held = torch.from_numpy(held)

    def batch(self, numbers: Tensor) -> SpeechBatch:
        """The training recordings `numbers` [B], changed as `augment` says."""
        return self._read(self.training[numbers.long()].tolist(), self.augment)

    def loss(self, network: nn.Module, batch: SpeechBatch) -> Tensor:
        """CTC's, a unit."""
        return ctc_loss(network(batch.x, batch.lengths)[0], batch.lengths, batch.targets)

    def validate(self, network: nn.Module) -> float:
        """Wrong units per unit of the held-out texts; NaN where there are none."""
        wrong = count = 0
        for places in like_with_like(self.data.lengths[self._held], STEPS_AT_ONCE, ROWS_AT_ONCE):
            numbers = self._held[places].tolist()
            batch = self._read(numbers, None)
            said = network(batch.x, batch.lengths)[0].cpu().numpy()
            for row, number in enumerate(numbers):
                truth = self.data.units[number].tolist()
                wrong += edit_distance(truth, best_path(said[: int(batch.lengths[row]), row]))
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
        return SpeechBatch(x.to(self.device), lengths, Targets.of(units))


def padded(rows: Sequence[Floats]) -> tuple[Tensor, Tensor]:
    """Rows [T_b, F] side by side, zero after their ends [T, B, F], and their lengths [B]."""
    lengths = torch.tensor([len(row) for row in rows])
    x = torch.zeros(int(lengths.max()), len(rows), rows[0].shape[1])
    for k, row in enumerate(rows):
        x[: len(row), k] = torch.from_numpy(row)
    return x, lengths


@torch.no_grad()
def log_probabilities(
    networks: Sequence[TranscriptionNetwork], reader: SpeechReader, normal: Ragged
) -> list[npt.NDArray[np.float32]]:
    """What networks say of every step of recordings, the mean of their probabilities: [T, K] of each."""
    lengths = torch.from_numpy(reader.count(normal.lengths))
    found: list[npt.NDArray[np.float32]] = [np.zeros((0, 1), np.float32)] * len(normal)
    with fitting_threads(networks[0]):
        for places in like_with_like(lengths, STEPS_AT_ONCE, ROWS_AT_ONCE):
            x, sizes = padded([reader.steps(normal[int(k)]) for k in places])
            every = [network(x, sizes)[0] for network in networks]
            said = every[0] if len(every) == 1 else torch.stack(every).logsumexp(dim=0) - np.log(len(every))
            for row, k in enumerate(places.tolist()):
                found[k] = said[: int(sizes[row]), row].numpy()
    return found
