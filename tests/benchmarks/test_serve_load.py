"""The load script for some seconds: every answer the model's own, whatever other clients do."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

SCRIPT = Path(__file__).resolve().parents[2] / "benchmarks" / "serve_load.py"


def test_every_answer_is_right_beside_clients_that_disturb() -> None:
    command = [sys.executable, str(SCRIPT), "--sessions", "50", "--seconds", "5"]
    made = subprocess.run(command, capture_output=True, text=True, timeout=280)
    assert made.returncode == 0, made.stdout + made.stderr
    assert "\n0 wrong" in made.stdout
