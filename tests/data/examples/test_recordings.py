"""Recordings: what may be given, and what is refused with its row."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from recurra import InputError
from recurra.data.examples.inputs import Audio
from recurra.data.examples.recordings import read_recordings
from recurra.data.examples.samples import Sound

soundfile = pytest.importorskip("soundfile")


def tone(seconds: float = 0.3, rate: int = 8000, size: float = 0.3) -> np.ndarray:
    t = np.arange(int(seconds * rate)) / rate
    noise = 0.01 * np.random.default_rng(0).normal(size=len(t))
    return (size * (np.sin(2 * np.pi * 440 * t) + noise)).astype(np.float32)


def written(path: Path, samples: np.ndarray, rate: int = 8000) -> str:
    soundfile.write(path, samples, rate)
    return str(path)


def test_files_samples_and_sounds_give_the_same_frames(tmp_path: Path) -> None:
    samples = tone()
    path = written(tmp_path / "a.wav", samples)
    from_file = read_recordings([path], None)
    kind = from_file.kind
    assert kind is not None
    assert kind.rate == 8000
    sounds = read_recordings([Sound(samples, 8000)], kind)
    stereo = read_recordings([np.stack([samples, samples], axis=1)], kind)
    assert np.abs(from_file.frames.values - sounds.frames.values).mean() < 0.02  # 16 bits
    assert np.array_equal(sounds.frames.values, stereo.frames.values)
    assert from_file.names == ("a.wav",)


def test_other_rates_are_resampled_and_said(tmp_path: Path) -> None:
    paths = [written(tmp_path / f"{k}.wav", tone()) for k in range(2)]
    paths.append(written(tmp_path / "slow.wav", tone(rate=4000), 4000))
    found = read_recordings(paths, Audio())
    assert found.frames.lengths[2] == found.frames.lengths[0]
    assert "resampled to 8,000 Hz: 1 at 4,000 Hz" in found.remarks[0]
    assert "hold nothing above 2,000 Hz" in found.remarks[1]


def test_what_cannot_be_heard_is_refused_by_name(tmp_path: Path) -> None:
    good = written(tmp_path / "good.wav", tone())
    silent = written(tmp_path / "silent.wav", np.zeros(4000, np.float32))
    with pytest.raises(InputError, match=r"1 recording of 'file' without sound \(silent.wav\)"):
        read_recordings([good, silent], None, name="file")
    with pytest.raises(InputError, match=r"'gone.wav' in row 2, and there is no such file"):
        read_recordings([good, "gone.wav"], None, name="file")
    damaged = tmp_path / "damaged.wav"
    damaged.write_bytes(b"RIFF1234")
    with pytest.raises(InputError, match=r"damaged.wav' in row 2 cannot be read as a sound"):
        read_recordings([good, str(damaged)], None, name="file")
    with pytest.raises(InputError, match="no recording in row 2"):
        read_recordings([good, None], None, name="file")
    with pytest.raises(InputError, match="a path in row 1 and an array in row 2"):
        read_recordings([good, tone()], None)


def test_clipping_is_said(tmp_path: Path) -> None:
    loud = written(tmp_path / "loud.wav", np.clip(20 * tone(), -1, 1))
    assert "loud.wav" in read_recordings([loud], None).remarks[0]
    assert not read_recordings([written(tmp_path / "soft.wav", tone())], None).remarks


@pytest.mark.parametrize(
    ("cells", "told"),
    [
        ([], "holds no recording"),
        ([np.zeros(5)], r"array of shape \[5\] in row 1"),
        ([np.zeros((5, 3)), np.zeros((5, 4))], "4 features a frame in row 2: expected 3"),
        ([np.full((5, 3), np.nan)], "not finite in row 1"),
    ],
)
def test_features_that_are_none_are_refused(cells: list, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read_recordings(cells, None)
