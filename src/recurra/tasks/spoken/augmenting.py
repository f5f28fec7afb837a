"""Speech that was never spoken: recordings somewhat faster, through another throat, with gaps and noise.

    faster    frames read at another pace, 1 - a .. 1 + a (Ko et al. 2015, "Audio augmentation for speech recognition")
    warped    frequencies times 1 - w .. 1 + w, as of a longer or shorter vocal tract (Jaitly, Hinton 2013)
    gaps      stretches of frames, and of bands, become their mean, 0 (Park et al. 2019, "SpecAugment")
    noise     normal, as large as a share of each feature's spread

All draws are torch's, whose state a checkpoint keeps.
"""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Real

import numpy as np
import numpy.typing as npt
import torch

from recurra.errors import InputError
from recurra.language import _

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Augmentation:
    """How much recordings are changed in training; 0 leaves out what it names.

    pace   most that a recording is made faster or slower
    warp   most that frequencies are moved; of log-mel bands only
    gaps   stretches of frames that are blanked out in each recording, of at most `longest` frames
    bands  stretches of bands that are blanked out, of at most an eighth of them; of log-mel bands only
    noise  in units of a feature's spread
    """

    pace: float = 0.1
    warp: float = 0.1
    gaps: int = 2
    longest: int = 15
    bands: int = 1
    noise: float = 0.1

    def __post_init__(self) -> None:
        for name in ("pace", "warp", "noise"):
            value = getattr(self, name)
            if not isinstance(value, Real) or not 0 <= float(value) < 1:
                raise InputError(_("{name} is {value!r}: expected a number from 0 to below 1", name=name, value=value))

    def changed(self, frames: Floats, *, mel: bool) -> Floats:
        """Normalised frames [T, C] as they might have been; `mel`: features are bands in the order of frequency."""
        size, features = frames.shape
        draw = torch.rand(4 + 2 * self.gaps + 2 * self.bands).tolist()
        pace, warp = 1 + self.pace * (2 * draw[0] - 1), 1 + self.warp * (2 * draw[1] - 1)
        if self.pace and size > 8:
            frames = _read_at(frames, np.linspace(0, size - 1, max(8, round(size * pace))), axis=0)
        if mel and self.warp:
            frames = _read_at(frames, np.clip(np.arange(features) * warp, 0, features - 1), axis=1)
        frames = frames.copy()
        for k in range(self.gaps):
            width = int(draw[4 + 2 * k] * (min(self.longest, len(frames) // 8) + 1))
            begin = int(draw[5 + 2 * k] * (len(frames) - width + 1))
            frames[begin : begin + width] = 0
        for k in range(4 + 2 * self.gaps, 4 + 2 * self.gaps + 2 * self.bands, 2) if mel else ():
            width = int(draw[k] * (features // 8 + 1))
            begin = int(draw[k + 1] * (features - width + 1))
            frames[:, begin : begin + width] = 0
        if self.noise:
            frames += self.noise * torch.randn(frames.shape).numpy()
        return frames


def _read_at(frames: Floats, places: npt.NDArray[np.float64], *, axis: int) -> Floats:
    """Rows or columns at places between them."""
    first = np.minimum(places.astype(np.int64), max(frames.shape[axis] - 2, 0))
    after = np.minimum(first + 1, frames.shape[axis] - 1)
    share = (places - first).astype(np.float32)
    share = share[:, None] if axis == 0 else share[None, :]
    return (frames.take(first, axis=axis) * (1 - share) + frames.take(after, axis=axis) * share).astype(np.float32)
