"""`recurra doctor`."""

from __future__ import annotations

import json
import os
import sys

import pytest
import torch

from recurra import __version__
from recurra.cli.commands.doctor import processor, usable_cores
from recurra.cli.main import main


def test_json_holds_what_a_bug_report_needs(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as leaving:
        main(["doctor", "--json"])
    assert leaving.value.code == 0
    findings = json.loads(capsys.readouterr().out)
    assert findings["recurra"]["version"] == __version__
    assert findings["recurra"]["python"].startswith(".".join(map(str, sys.version_info[:3])))
    assert findings["torch"]["version"] == torch.__version__
    assert findings["torch"]["devices"].startswith("cpu")
    assert findings["torch"]["threads"].startswith(f"{torch.get_num_threads()} ")
    assert "MISSING" not in findings["packages"].values()
    assert findings["recurrent kernels"]["torch"]


def test_text_fits_eighty_columns(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as leaving:
        main(["doctor"])
    assert leaving.value.code == 0
    lines = capsys.readouterr().out.splitlines()
    assert {"recurra", "machine", "torch", "recurrent kernels", "packages", "optional packages"} <= set(lines)
    assert max(map(len, lines)) <= 80


def test_an_absent_package_is_said(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recurra.cli.commands.doctor.OPTIONAL", {"no-such-package": "for nothing: pip install it"})
    with pytest.raises(SystemExit):
        main(["doctor", "--json"])
    findings = json.loads(capsys.readouterr().out)
    assert findings["optional packages"] == {"no-such-package": "absent, for nothing: pip install it"}


def test_the_processor_has_a_name() -> None:
    model, flags = processor()
    assert model
    assert all(" " not in flag for flag in flags)
    assert 1 <= usable_cores() <= (os.cpu_count() or 1)
