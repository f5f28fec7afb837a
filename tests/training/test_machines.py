"""Two machines train one network: processes that know each other by address alone, and end with the same weights."""

from __future__ import annotations

import importlib.util
import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from recurra.errors import InputError
from recurra.training import Run, TrainingOptions
from recurra.training.launch import train_on
from tests.training.problems import Lines

ROOT = Path(__file__).resolve().parents[2]
MACHINE = """
import sys
import torch
from recurra.training import Run, TrainingOptions
from recurra.training.launch import train_on
from tests.training.problems import Lines

if __name__ == "__main__":
    torch.manual_seed(int(sys.argv[1]))  # what differs at first is the same after the first average
    problem = Lines()
    torch.manual_seed(0)
    options = TrainingOptions(batch_size=16, learning_rate=0.02)
    record = train_on(1, problem, options, seed=0, name="m", steps=30, label="m", run=Run(nodes=2, device="cpu"))
    weights = torch.cat([each.flatten() for each in problem.network.state_dict().values()])
    print("weights", record.best, weights.double().sum().item())
"""


@pytest.mark.skipif(importlib.util.find_spec("lightning_fabric") is None, reason="needs Lightning Fabric")
def test_two_machines_end_with_the_same_weights(tmp_path: Path) -> None:
    (tmp_path / "machine.py").write_text(MACHINE)
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = found.getsockname()[1]
    machines = []
    for rank in (0, 1):
        place = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": str(port), "NODE_RANK": str(rank)}
        environment = os.environ | place | {"PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1"}
        command = [sys.executable, str(tmp_path / "machine.py"), "0"]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        machines.append(subprocess.Popen(command, env=environment, text=True, **pipes))  # type: ignore[call-overload]
    said = []
    for machine in machines:
        out, err = machine.communicate(timeout=280)
        assert machine.returncode == 0, err
        said.append(next(line for line in out.splitlines() if line.startswith("weights")))
    assert said[0] == said[1]


def test_a_machine_that_does_not_know_its_place_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    if importlib.util.find_spec("lightning_fabric") is None:
        pytest.skip("needs Lightning Fabric")
    for name in ("MASTER_ADDR", "NODE_RANK"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MASTER_PORT", "29500")
    with pytest.raises(InputError, match="2 machines train together, but MASTER_ADDR, NODE_RANK is not set"):
        train_on(1, Lines(), TrainingOptions(), seed=0, name="m", steps=1, label="m", run=Run(nodes=2, device="cpu"))
