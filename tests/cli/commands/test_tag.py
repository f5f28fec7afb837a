"""`recurra tag`: a tag for every step, from strings of equal length, lists, and words."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.cli.labelled import QUICK, gestures, proteins, run, written


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tag")
    source = written(proteins(), folder / "proteins.jsonl")
    arguments = ["tag", source, "--sequence", "residues", "--label", "topology", *QUICK, "--quiet"]
    assert run([*arguments, "--out", str(folder / "out")]) == 0
    return folder


def test_strings_of_tags(made: Path) -> None:
    frame, source = pd.read_csv(made / "out" / "predictions.csv"), proteins()
    assert list(frame.columns) == ["row", "truth", "predicted", "probability", "right"]
    there = source.iloc[frame["row"] - 1]
    assert frame["truth"].tolist() == there["topology"].tolist()
    assert (frame["predicted"].str.len() == frame["truth"].str.len()).all()
    same = [
        np.mean([a == b for a, b in zip(*row, strict=True)]) for row in zip(frame.truth, frame.predicted, strict=True)
    ]
    np.testing.assert_allclose(frame["right"], same, atol=1e-8)


def test_json_lines_of_a_prediction(made: Path, tmp_path: Path) -> None:
    source = written(proteins(5).drop(columns="topology"), tmp_path / "new.jsonl")
    out = tmp_path / "tags.jsonl"
    assert run(["predict", str(made / "out" / "proteins.safetensors"), source, "--out", str(out), "--quiet"]) == 0
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert [row["row"] for row in rows] == [1, 2, 3, 4, 5]
    assert [len(row["predicted"]) for row in rows] == proteins(5)["residues"].str.len().tolist()


@pytest.mark.usefixtures("without_page")
def test_words_with_a_tag_each(tmp_path: Path) -> None:
    sentences = pd.DataFrame(
        {"words": ["the cat sleeps", "dogs bark", "a bird sings well"] * 12, "pos": ["D N V", "N V", "D N V A"] * 12}
    )
    source = written(sentences, tmp_path / "sentences.csv")
    assert run(["tag", source, *QUICK, "--out", str(tmp_path), "--quiet"]) == 0
    frame = pd.read_csv(tmp_path / "predictions.csv")
    assert frame["truth"].isin(sentences["pos"]).all()
    assert [len(tags.split()) for tags in frame["predicted"]] == [len(tags.split()) for tags in frame["truth"]]


def test_a_row_and_a_tag_for_each_step(tmp_path: Path) -> None:
    source = written(gestures().assign(gesture=lambda f: np.where(f["x"] > 0, "up", "down")), tmp_path / "moves.csv")
    arguments = ["tag", source, "--series", "series", "--time", "t", "--label", "gesture"]
    assert run([*arguments, *QUICK, "--out", str(tmp_path), "--quiet"]) == 0
    frame = pd.read_csv(tmp_path / "predictions.csv")
    assert set(" ".join(frame["truth"]).split()) == {"up", "down"}
    assert frame["right"].mean() > 0.6
