"""What a forecaster remembers: watched in training without changing it, and looked at after loading."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from tests.tasks.small import file_bytes, quick, same_model, shops

import recurra as rc
from recurra import Forecaster
from recurra.ensemble import members as ensemble
from recurra.inspect import several
from recurra.tasks.forecast.inspection import findings, flow_frame, memory_sentences, usual_explanation


@pytest.fixture(scope="module")
def fitted() -> Forecaster:
    return quick(members=2, epochs=60).fit(shops())


def test_it_is_watched_while_it_trains(fitted: Forecaster) -> None:
    frame = fitted.gradient_flow()
    assert frame.columns.tolist() == ["member", "step", "layer", "back", "gradient", "cell", "carried"]
    assert frame["member"].unique().tolist() == [1, 2]
    assert frame["step"].max() > 20
    assert (frame["gradient"] > 0).all()
    blocks = [member.shape.window // member.shape.block for member in fitted.model_.members]
    assert frame.groupby("member")["back"].max().tolist() == [count - 1 for count in blocks]


def test_watching_changes_no_bit(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, fitted: Forecaster) -> None:
    original = ensemble.train
    monkeypatch.setattr(ensemble, "train", lambda *a, watch, **k: original(*a, **k))
    blind = quick(members=2, epochs=60).fit(shops())
    assert all(member.record is not None and member.record.watched is None for member in blind.model_.members)
    assert same_model(blind.model_, fitted.model_)
    assert file_bytes(blind, tmp_path) == file_bytes(fitted, tmp_path)


def test_a_loaded_one_is_looked_at_now(fitted: Forecaster, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model.safetensors")
    loaded = rc.load(tmp_path / "model.safetensors")
    random = torch.get_rng_state()
    frame = flow_frame(loaded.model_)
    assert torch.equal(torch.get_rng_state(), random)
    assert frame["step"].unique().tolist() == [0]
    assert (frame["gradient"] > 0).all()
    assert len(memory_sentences(loaded.model_)) == 2
    assert usual_explanation(loaded.model_, loaded.model_.panel).strength()["units"].sum() > 0


def test_a_look_that_fails_is_said(monkeypatch: pytest.MonkeyPatch, fitted: Forecaster) -> None:
    def failing(*given: object, **named: object) -> None:
        raise MemoryError

    monkeypatch.setattr(several, "gradient_flow", failing)
    sentences = memory_sentences(fitted.model_)
    assert len(sentences) == 2
    assert all(sentence.endswith("could not be followed through time: MemoryError.") for sentence in sentences)
    assert isinstance(fitted.diagnose(), list)


def test_the_sentences(fitted: Forecaster) -> None:
    first, second = memory_sentences(fitted.model_)
    assert first.startswith("Network 1 reads 35 steps as 5 blocks of 7; its gradient reaches back over ")
    assert second.startswith("Network 2 reads 56 steps as 8 blocks of 7; ")


def test_a_window_of_one_block_has_no_way_through_time() -> None:
    forecaster = quick(block=60, season=1).fit(shops())
    assert memory_sentences(forecaster.model_) == [
        f"It reads {forecaster.model_.window} steps at once: there is no way through time."
    ]
    assert forecaster.gradient_flow().empty
    assert findings(forecaster.model_) == forecaster.diagnose() == []


def test_the_sentences_are_the_same_after_loading(fitted: Forecaster, tmp_path: Path) -> None:
    fitted.save(tmp_path / "model.safetensors")
    assert memory_sentences(rc.load(tmp_path / "model.safetensors").model_) == memory_sentences(fitted.model_)
