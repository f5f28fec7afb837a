"""Recordings: their features beside a slow computation, and what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from recurra.data.examples.audio import log_mel, read_audio, sound_files
from recurra.data.examples.examples import as_examples
from recurra.data.examples.inputs import Audio
from recurra.data.examples.steps import Steps
from recurra.errors import InputError

soundfile = pytest.importorskip("soundfile", reason="needs the package soundfile")


def tone(frequency: float, rate: int, seconds: float = 0.3) -> npt.NDArray[np.float32]:
    return (0.4 * np.sin(2 * np.pi * frequency * np.arange(int(rate * seconds)) / rate)).astype(np.float32)


def wav(folder: Path, name: str, samples: np.ndarray, rate: int) -> str:
    soundfile.write(folder / name, samples, rate)
    return str(folder / name)


def test_features_are_those_of_a_plain_computation() -> None:
    kind = Audio(rate=8000, bands=12)
    x = np.random.default_rng(0).normal(size=900).astype(np.float32)
    found = log_mel(x, kind)
    assert found.shape == (1 + (900 - 200) // 80, 12)
    mel = np.linspace(2595 * np.log10(1 + 20 / 700), 2595 * np.log10(1 + 4000 / 700), 14)
    edges = 700 * (10 ** (mel / 2595) - 1)
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(200) / 200)
    for step in (0, 5):
        power = np.abs(np.fft.rfft(x[80 * step : 80 * step + 200] * window, 256)) ** 2
        for band in (2, 11):
            low, middle, high = edges[band : band + 3]
            weights = [
                max(0.0, min((f - low) / (middle - low), (high - f) / (high - middle))) for f in np.arange(129) * 31.25
            ]
            np.testing.assert_allclose(found[step, band], np.log(power @ np.array(weights)), rtol=1e-4)


def test_a_tone_is_loudest_in_its_band_at_any_rate_and_volume(tmp_path: Path) -> None:
    paths = [wav(tmp_path, f"{rate}.wav", tone(1000, rate), rate) for rate in (8000, 8000, 22050)]
    steps, kind = read_audio(paths, Audio(), "file")
    assert kind.rate == 8000
    assert dict(steps.origins) == {8000: 2, 22050: 1}
    loudest = [steps.names[int(steps.values[k].mean(axis=0).argmax())] for k in range(3)]
    frequencies = [float(name.split(": ")[1].removesuffix(" Hz")) for name in loudest]
    assert len(set(frequencies)) == 1
    assert abs(frequencies[0] - 1000) < 100
    quiet = log_mel(np.float32(0.01) * tone(1000, 8000), kind)
    np.testing.assert_allclose(quiet - quiet.mean(0), steps.values[0] - steps.values[0].mean(0), atol=0.02)


def test_samples_and_files_are_read_alike_and_channels_averaged(tmp_path: Path) -> None:
    left, right = tone(500, 16000), tone(2000, 16000)
    both = np.stack([left, right], axis=1)
    path = wav(tmp_path, "stereo.flac", both, 16000)
    from_file = as_examples([path], inputs={"sound": Audio()}).columns["sound"]
    from_array = as_examples([both], inputs={"sound": Audio(rate=16000)}).columns["sound"]
    assert isinstance(from_file, Steps)
    assert isinstance(from_array, Steps)
    np.testing.assert_allclose(from_file.values.values, from_array.values.values, atol=0.05)


def test_silence_and_a_click_are_sounds() -> None:
    kind = Audio(rate=8000)
    assert np.isfinite(log_mel(np.zeros(4000, np.float32), kind)).all()
    assert log_mel(np.ones(3, np.float32), kind).shape == (1, 40)


def test_a_column_of_paths_is_found_and_may_be_missing(tmp_path: Path) -> None:
    path = wav(tmp_path, "a.wav", tone(440, 8000), 8000)
    frame = pd.DataFrame({"clip": [path, None, path], "age": [1.0, 2.0, 3.0]})
    examples = as_examples(frame)
    assert examples.kinds["clip"] == Audio(rate=8000)
    assert examples.absent("clip").tolist() == [False, True, False]


def test_what_is_no_sound_is_refused_by_its_row(tmp_path: Path) -> None:
    good = wav(tmp_path, "good.wav", tone(440, 8000), 8000)
    (tmp_path / "text.wav").write_text("no sound at all")
    empty = wav(tmp_path, "empty.wav", np.zeros(0, np.float32), 8000)
    for cells, message in (
        ([good, str(tmp_path / "gone.wav")], r"gone.wav' in row 2, and there is no such file \(1 such row\)"),
        ([good, str(tmp_path / "text.wav")], "text.wav' in row 2 cannot be read as a sound"),
        ([good, empty], r"empty.wav' in row 2 cannot be read as a sound \(it holds no sample\)"),
        ([np.zeros(100)], r"samples in row 1, whose rate is not known"),
    ):
        with pytest.raises(InputError, match=message):
            as_examples(cells, inputs={"sound": Audio()})
    with pytest.raises(InputError, match="not finite in row 1"):
        as_examples([np.array([0.0, np.nan])], inputs={"sound": Audio(rate=8000)})


@pytest.mark.parametrize("options", [{"rate": 10}, {"bands": 2}, {"hop": 0.0}, {"window": 5}])
def test_impossible_front_ends_are_refused(options: dict) -> None:
    with pytest.raises(InputError, match=next(iter(options))):
        Audio(**options)


def test_a_folder_holds_a_class_in_each_sub_folder(tmp_path: Path) -> None:
    for name in ("low", "high"):
        (tmp_path / name).mkdir()
        wav(tmp_path / name, "1.wav", tone(300, 8000), 8000)
    frame = sound_files(tmp_path)
    assert frame["label"].tolist() == ["high", "low"]
    with pytest.raises(InputError, match="without sound files"):
        sound_files(tmp_path / "low")


@pytest.mark.parametrize("wrong", [{"bands": 3}, {"bands": 1 << 45}, {"rate": 999}, {"rate": 1 << 40}, {"rate": True}])
def test_sizes_that_no_recording_has_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=f"{next(iter(wrong))} is .*: expected a whole number from"):
        Audio(**wrong)
