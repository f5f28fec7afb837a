"""Files of earlier releases open, and say what they said when they were written."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from tests.golden.asking import said
from tests.golden.plain import difference

HERE = Path(__file__).parent
FILES = sorted(HERE.glob("*/*.safetensors"))


@pytest.mark.parametrize("path", FILES, ids=[f"{path.parent.name}/{path.stem}" for path in FILES])
def test_a_file_of_an_earlier_release_says_what_it_said(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if path.parent.name == "0.1":  # which left two bands the same where both must hold all that was held out
        monkeypatch.setattr("recurra.evaluation.forecast.conformal.WIDER", 1.0)
    asked = json.loads(path.with_suffix(".json").read_text("utf-8"))
    assert difference(said(path, asked), asked["said"]) is None


def test_nothing_of_a_compiler_is_loaded_to_open_them() -> None:
    paths = [str(path) for path in FILES if not path.stem.endswith("own-network")]
    code = (
        "import sys, recurra as rc\n"
        "for path in sys.argv[1:]:\n    rc.load(path)\n    assert 'torch._dynamo' not in sys.modules, path\n"
        "print(len(sys.argv) - 1)"
    )
    done = subprocess.run([sys.executable, "-c", code, *paths], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) == len(paths) > 40
