"""The article's program as it is printed, with `recurra` written for `tensorflow` in its imports."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest

import recurra as rc
from recurra.data import read_table
from recurra.kernels import calls

STEPS = 12


@pytest.fixture
def program(shared_data: Path) -> str:
    """Every block of Python in its section 5.2, one after the other."""
    article = shared_data.parent / "article.zh.md"
    if not article.is_file():
        pytest.skip(f"needs the article, which is not at {article}")
    section = article.read_text(encoding="utf-8").split("\n### 5.2 ")[1].split("\n### 5.3 ")[0]
    return "\n".join(re.findall(r"```python\n(.*?)```", section, flags=re.DOTALL))


def windows() -> tuple[np.ndarray, np.ndarray]:
    """Twelve sea surface temperatures [N, T, 1] and the next one [N, 1]."""
    values = read_table("demo:elnino").frame["temperature"].to_numpy(float)
    blocks = np.lib.stride_tricks.sliding_window_view(values, STEPS + 1)[::12]
    return blocks[:, :STEPS, None].copy(), blocks[:, STEPS:].copy()


def run(source: str) -> dict[str, Any]:
    """The names that the program leaves behind."""
    x, y = windows()
    names = {"timesteps": STEPS, "features": 1, "X": x, "y": y, "X_new": x}
    keras.utils.set_random_seed(7)
    exec(compile(source, "the article's program", "exec"), names)
    return names


@pytest.mark.filterwarnings("ignore:Do not pass an `input_shape`:UserWarning")
def test_the_program_runs_and_gives_what_keras_gives(program: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert program.count("import") == 4
    quiet = program.replace("batch_size=32", "batch_size=32, verbose=0, shuffle=False")
    before = calls()["cpu"]
    ours = run(quiet.replace("tensorflow", "recurra"))
    steps = -(-len(ours["X"]) // 32)
    assert calls()["cpu"] - before >= 100 * steps
    assert type(ours["model"].layers[0]) is rc.keras.SimpleRNN
    assert "Prediction Error:" in capsys.readouterr().out
    keras_alone = "from types import SimpleNamespace\nimport keras\ntf = SimpleNamespace(keras=keras)\n"
    stock = run(keras_alone + re.sub(r"^import tensorflow as tf$", "", quiet, flags=re.M).replace("tensorflow.", ""))
    assert type(stock["model"].layers[0]) is keras.layers.SimpleRNN
    curves = [names["model"].history.history["loss"] for names in (ours, stock)]
    assert len(curves[0]) == 100
    np.testing.assert_allclose(curves[0][:20], curves[1][:20], rtol=1e-3)
    np.testing.assert_allclose(curves[0][-1], curves[1][-1], rtol=0.05)
    np.testing.assert_allclose(ours["error"], stock["error"], rtol=0.05)
    assert ours["error"] < np.var(ours["y"])
