"""Checkpoints on a disk that is full."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors import SafetensorError

from recurra.training import checkpoint
from recurra.training.checkpoint import Checkpoint, CheckpointFolder


def test_a_full_disk_keeps_the_checkpoint_before_and_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = CheckpointFolder(tmp_path / "run", {"data": "x"})
    folder.save("a", Checkpoint({"w": torch.ones(2)}, {"step": 1}))

    def full(*given: object, **more: object) -> None:
        raise SafetensorError("I/O error: No space left on device")

    monkeypatch.setattr(checkpoint, "save_file", full)
    with pytest.raises(OSError, match=r"cannot write the checkpoint .*a\.safetensors: .*No space left.*resume="):
        folder.save("a", Checkpoint({"w": torch.zeros(2)}, {"step": 2}))
    kept = folder.load("a")
    assert kept is not None
    assert kept.state == {"step": 1}
    assert sorted(path.name for path in folder.path.iterdir()) == ["a.safetensors", "run.json"]
