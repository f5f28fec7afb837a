"""`recurra serve`: a process that answers, keeps its sessions when it is ended, and goes on with them."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import httpx
import pytest
from tests.cli.shops import Made
from tests.serve.test_shared import free_port

from recurra.cli.main import main


def served(model: Path, port: int, state: Path) -> tuple[subprocess.Popen[bytes], httpx.Client]:
    command = [sys.executable, "-m", "recurra", "serve", str(model), "--port", str(port), "--state", str(state)]
    process = subprocess.Popen([*command, "--seconds", "120"], stdout=subprocess.DEVNULL)
    client = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=150)
    until = time.monotonic() + 200
    while time.monotonic() < until:
        assert process.poll() is None
        try:
            client.get("/readyz").raise_for_status()
            return process, client
        except httpx.TransportError:
            time.sleep(0.2)
    raise AssertionError("the server did not begin")


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "Ctrl-C"])
def test_sessions_outlive_the_process(made: Made, tmp_path: Path, ending: signal.Signals) -> None:
    model, port, state = next(made.folder.glob("*.safetensors")), free_port(), tmp_path / "kept"
    process, client = served(model, port, state)
    assert client.post("/v1/sessions", json={"name": "a", "series": "Bonn"}).status_code == 201
    said = client.post("/v1/sessions/a/steps", json={"rows": [7.0]}).json()
    client.close()
    process.send_signal(ending)
    process.wait(60)
    assert state.exists()
    process, client = served(model, port, state)
    about = client.get("/v1/sessions/a").json()
    assert (about["steps"], about["series"], about["last"]) == (1, "Bonn", said["said"][0])
    client.close()
    process.terminate()
    process.wait(60)


def test_several_workers_need_redis(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["serve", str(next(made.folder.glob("*.safetensors"))), "--workers", "2"])
    assert leaving.value.code == 2
    assert "give its address with --redis" in capsys.readouterr().err
