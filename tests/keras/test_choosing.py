"""What is said where Keras is not there, or is on another backend: each in a process of its own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from recurra.keras import choosing

NO_KERAS = """
import importlib.util, sys
own = importlib.util.find_spec
importlib.util.find_spec = lambda name, *rest: None if name == "keras" else own(name, *rest)
"""


def run(code: str, home: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    given = {key: value for key, value in os.environ.items() if key != "KERAS_BACKEND"}
    given |= {"KERAS_HOME": str(home), **environment}
    return subprocess.run([sys.executable, "-W", "ignore", "-c", code], env=given, capture_output=True, text=True)


def refusal(code: str, home: Path, **environment: str) -> str:
    """The last line that a program prints which is refused; nothing must have been raised before it."""
    found = run(code, home, **environment)
    assert found.returncode == 1, found.stdout
    assert found.stderr.count("Traceback") == 1
    return found.stderr.strip().splitlines()[-1]


@pytest.mark.spawn
def test_torch_is_chosen_where_nobody_has_chosen(tmp_path: Path) -> None:
    found = run("import recurra.keras as rk; print(rk.config.backend())", tmp_path)
    assert (found.returncode, found.stdout.strip()) == (0, "torch"), found.stderr


@pytest.mark.parametrize("text", ['{"backend": "tensorflow"}', '{"backend": "torch"}', "{}", "[1]", "nonsense {", None])
def test_files_that_choose_nothing_else(text: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if text is not None:
        (tmp_path / "keras.json").write_text(text)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.delenv("KERAS_BACKEND")
    choosing._choose_torch()
    assert os.environ["KERAS_BACKEND"] == "torch"


def test_an_environment_that_says_otherwise(tmp_path: Path) -> None:
    assert refusal("import recurra.keras", tmp_path, KERAS_BACKEND="jax").endswith(
        "KERAS_BACKEND is 'jax', and recurra.keras runs on torch: set it to torch, or unset it"
    )


def test_a_file_that_says_otherwise(tmp_path: Path) -> None:
    (tmp_path / "keras.json").write_text(json.dumps({"backend": "jax"}))
    assert refusal("from recurra.keras import LSTM", tmp_path).endswith(
        f"Keras' backend is 'jax', by {tmp_path / 'keras.json'}, and recurra.keras runs on torch: write \"torch\" "
        "there, or set KERAS_BACKEND=torch in the environment"
    )


@pytest.mark.spawn
def test_keras_that_runs_on_another_backend_already(tmp_path: Path) -> None:
    code = "import keras; keras.config.backend = lambda: 'jax'; import recurra as rc; rc.keras.LSTM"
    line = refusal(code, tmp_path, KERAS_BACKEND="torch")
    assert "Keras runs on 'jax' in this process already, and recurra.keras runs on torch" in line
    assert "KERAS_BACKEND=torch" in line


VERSIONS = """
import sys, keras
for version in ("2.15.0", "3.11.3", "3.12.0", "4.0.0rc1"):
    keras.__version__ = version
    for name in [name for name in sys.modules if name.startswith("recurra.keras")]:
        del sys.modules[name]
    try:
        import recurra.keras as rk
        print(rk.LSTM.__name__)
    except ImportError as error:
        print(error)
"""


@pytest.mark.spawn
def test_keras_that_is_too_old_the_oldest_and_one_to_come(tmp_path: Path) -> None:
    *old, oldest, to_come = run(VERSIONS, tmp_path, KERAS_BACKEND="torch").stdout.strip().splitlines()
    for version, line in zip(("2.15.0", "3.11.3"), old, strict=True):
        assert line.endswith(f"this is Keras {version}: expected 3.12 or later, `pip install recurra[keras]`")
    assert (oldest, to_come) == ("LSTM", "LSTM")


def test_no_keras(tmp_path: Path) -> None:
    line = refusal(NO_KERAS + "import recurra.keras", tmp_path)
    assert line.endswith("recurra.keras needs Keras 3, which is not installed: `pip install recurra[keras]`")


def test_the_error_is_an_import_error_and_one_of_ours(tmp_path: Path) -> None:
    code = NO_KERAS + (
        "import recurra as rc\n"
        "try:\n    import recurra.keras\n"
        "except ImportError as error:\n    print(isinstance(error, rc.InputError))"
    )
    assert run(code, tmp_path).stdout.strip() == "True"


@pytest.mark.spawn
def test_recurra_alone_loads_no_keras(tmp_path: Path) -> None:
    code = "import sys, recurra, recurra.nn, recurra.tasks; print('keras' in sys.modules, 'keras' in dir(recurra))"
    assert run(code, tmp_path).stdout.strip() == "False True"
