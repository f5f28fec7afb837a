"""Ctrl-C ends a command with status 130 and a sentence, whatever it was doing."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.cli.shops import shop_sales

from recurra.cli.command import what_is_left
from recurra.cli.main import main

STAGES = {
    "reading": "recurra.data.files.read_table.read_text",
    "understanding": "recurra.data.panel.building.infer",
    "training": "recurra.training.loop.Stepper",
    "comparing": "recurra.evaluation.forecast.backtest.decide",
    "explaining": "recurra.tasks.forecast.forecaster.Forecaster.file_content",
    "writing": "recurra.report.write_html",
    "saving": "recurra.tasks.forecast.forecaster.Forecaster.save",
}


def interrupt(*given: object, **more: object) -> None:
    raise KeyboardInterrupt


@pytest.mark.usefixtures("baselines_here")
@pytest.mark.parametrize("stage", STAGES)
def test_at_any_stage_of_a_forecast(
    stage: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shop_sales(90).to_csv(tmp_path / "sales.csv", index=False)
    out = tmp_path / "out"
    out.mkdir()
    (out / "forecast.csv").write_text("old")
    command = ["forecast", str(tmp_path / "sales.csv"), "--target", "units", "--horizon", "3", "--out", str(out)]
    command += ["--members", "1", "--epochs", "1", "--windows", "1"]
    with monkeypatch.context() as patch:
        patch.setattr(STAGES[stage], interrupt)
        with pytest.raises(SystemExit) as leaving:
            main(command)
    said = " ".join(capsys.readouterr().err.split())
    assert leaving.value.code == 130
    assert "Interrupted: no output file was written or changed" in said
    begun = (out / ".sales.recurra-run").exists()
    assert said.endswith("with --resume to continue." if begun else "written or changed.")
    assert {path.name for path in out.iterdir() if not path.name.startswith(".")} == {"forecast.csv"}
    assert (out / "forecast.csv").read_text() == "old"
    assert not list(out.glob(".recurra-*"))
    if stage == "saving":
        with pytest.raises(SystemExit) as leaving:
            main([*command, "--resume"])
        assert leaving.value.code == 0
        assert (out / "sales.safetensors").exists()
        assert not (out / ".sales.recurra-run").exists()


def test_a_command_without_checkpoints(tmp_path: Path) -> None:
    assert what_is_left({"out": tmp_path}) == "Interrupted: no output file was written or changed."
    (tmp_path / ".sales.recurra-run").mkdir()
    (tmp_path / ".sales.recurra-run" / "run.json").write_text("{}")
    assert what_is_left({"out": tmp_path, "resume": False}).endswith("--resume to continue.")
    assert what_is_left({"out": tmp_path}).endswith("changed.")
    assert what_is_left({}).endswith("changed.")
