"""`recurra predict`: a model file and newer data."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from safetensors import safe_open
from safetensors.torch import save_file
from tests.cli.shops import HORIZON, Made, shop_sales

from recurra import Translator
from recurra.cli.main import main
from recurra.data.demo.phrases import make_phrases


def run(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as leaving:
        main(arguments)
    assert isinstance(leaving.value.code, int)
    return leaving.value.code


def test_without_data_it_repeats_the_forecast(made: Made, tmp_path: Path) -> None:
    out = tmp_path / "new" / "again.csv"
    model = made.folder / "sales.safetensors"
    assert run(["predict", str(model), "--levels", "50,80", "--out", str(out)]) == 0
    assert out.read_bytes() == (made.folder / "forecast.csv").read_bytes()
    assert [path.name for path in out.parent.iterdir()] == ["again.csv"]


def test_newer_rows_move_the_forecast_on(made: Made, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    newer = shop_sales(150)
    newer[newer["day"] >= "2025-05-10"].to_csv(tmp_path / "newest.csv", index=False)
    assert run(["predict", str(made.folder / "sales.safetensors"), str(tmp_path / "newest.csv"), "--out", "-"]) == 0
    (tmp_path / "piped.csv").write_text(capsys.readouterr().out)
    frame = pd.read_csv(tmp_path / "piped.csv")
    assert list(frame.columns) == ["shop", "day", "forecast", "lo_80", "hi_80", "lo_95", "hi_95"]
    assert len(frame) == 2 * HORIZON
    assert frame["day"].min() == str((newer["day"].max() + pd.Timedelta(days=1)).date())


def test_all_rows_and_only_the_newer_ones_say_the_same(made: Made, tmp_path: Path) -> None:
    newer = shop_sales(150)
    newer.to_csv(tmp_path / "all.csv", index=False)
    newer[newer["day"] > "2025-05-01"].to_csv(tmp_path / "tail.csv", index=False)
    for name in ("all", "tail"):
        out = str(tmp_path / f"{name}.out")
        assert (
            run(["predict", str(made.folder / "sales.safetensors"), str(tmp_path / f"{name}.csv"), "--out", out]) == 0
        )
    assert (tmp_path / "all.out").read_bytes() == (tmp_path / "tail.out").read_bytes()


def broken(model: Path, how: str) -> bytes:
    content = model.read_bytes()
    if how == "truncated":
        return content[: len(content) // 2]
    if how == "altered":
        return content[:-100] + bytes(byte ^ 1 for byte in content[-100:])
    with safe_open(model, framework="pt") as file:
        header = json.loads(file.metadata()["recurra"])
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    if how == "newer":
        header["version"] = 99
    if how == "edited":
        header["config"]["model"]["panel"]["series"][0] = "Rome"
    metadata = {"recurra": json.dumps(header)}
    path = model.with_name("changed.tmp")
    save_file(tensors, path, metadata=metadata)
    content = path.read_bytes()
    path.unlink()
    return content


@pytest.mark.parametrize("command", ["predict", "evaluate"])
@pytest.mark.parametrize("how", ["truncated", "altered", "newer", "edited"])
def test_a_broken_model_file_is_refused(
    made: Made, tmp_path: Path, how: str, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    model = tmp_path / "model.safetensors"
    model.write_bytes(broken(made.folder / "sales.safetensors", how))
    out = tmp_path / "out"
    assert run([command, str(model), str(made.source), "--out", str(out)]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ")
    assert error.count("error: ") == 1
    assert str(model) in error
    assert ("newer version" in error) == (how == "newer")
    assert not out.exists()


@pytest.mark.parametrize("command", ["predict", "evaluate"])
def test_data_with_other_columns_is_refused(
    made: Made, tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    shop_sales(150).rename(columns={"units": "pieces"}).to_csv(tmp_path / "other.csv", index=False)
    out = tmp_path / "out"
    model = str(made.folder / "sales.safetensors")
    assert run([command, model, str(tmp_path / "other.csv"), "--out", str(out)]) == 2
    assert "'units'" in capsys.readouterr().err
    assert not out.exists()


def test_the_model_is_not_overwritten(made: Made, capsys: pytest.CaptureFixture[str]) -> None:
    model = made.folder / "sales.safetensors"
    before = model.read_bytes()
    assert run(["predict", str(model), "--out", str(model)]) == 2
    assert "would be overwritten" in capsys.readouterr().err
    assert model.read_bytes() == before


def test_a_later_file_is_read_as_the_first_one(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    values = np.round(10 + 3 * np.sin(np.arange(90) * 2 * np.pi / 7), 1).astype(str)
    values[[4, 30, 88]] = "-999"
    days = pd.date_range("2023-01-01", periods=90).astype(str)
    pd.DataFrame({"day": days, "y": values}).to_csv(tmp_path / "a.csv", index=False)
    out = ["--out", str(tmp_path / "out")]
    learn = [
        "forecast",
        "a.csv",
        "--horizon",
        "7",
        "--method",
        "network",
        "--members",
        "1",
        "--epochs",
        "1",
        "--missing",
    ]
    learn[1] = str(tmp_path / "a.csv")
    assert run([*learn, "-999", "--windows", "1", *out]) == 0
    forecast = ["--out", str(tmp_path / "f.csv")]
    assert run(["predict", str(tmp_path / "out" / "a.safetensors"), str(tmp_path / "a.csv"), *forecast]) == 0
    assert "-999" in capsys.readouterr().out.split("missing values")[-1].splitlines()[0]
    assert pd.read_csv(tmp_path / "f.csv")["forecast"].between(0, 20).all()


@pytest.mark.train
def test_notes_are_said_beside_what_goes_to_a_pipe(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of a file and of standard input alike; nothing of them is in the output, or said with --quiet."""
    pairs = make_phrases(60)
    translator = Translator(training={"epochs": 0.1}, network={"hidden": 8, "embedding": 8}, verbose=False)
    translator.fit(pairs["lumi"], pairs["english"]).save(tmp_path / "m.safetensors")
    text = "Siro ☂ portane.\n"
    (tmp_path / "new.txt").write_text(text, encoding="utf-8")
    told = {}
    for file, *more in ((str(tmp_path / "new.txt"),), ("-",), ("-", "--quiet")):
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))
        assert run(["predict", str(tmp_path / "m.safetensors"), file, "--out", "-", *more]) == 0
        said = capsys.readouterr()
        assert said.out.startswith("row,source,translation\n1,Siro ☂ portane.,")
        told[(file, *more)] = said.err
    first = "note: 1 text with characters that never occur in training: '☂'"
    assert [each.startswith(first) for each in told.values()] == [True, True, False]
    assert told["-", "--quiet"] == ""
