"""Weights: what was saved comes back; what is no such file is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from recurra.errors import ModelFileError
from recurra.nn.pretrained import Shape, load_network, save_network
from recurra.nn.pretrained.network import Pretrained
from recurra.nn.recurrent import LSTM

SMALL = Shape(patch=8, horizon=16, context=64, width=24, step_width=8)


def test_a_round_trip(tmp_path: Path) -> None:
    one = Pretrained(SMALL)
    save_network(one, tmp_path / "w.safetensors", torch.float32, steps=3)
    two = load_network(tmp_path / "w.safetensors")
    assert two.shape == SMALL
    assert isinstance(two.blocks[0].recurrence, LSTM)
    assert not any(parameter.requires_grad for parameter in two.parameters())
    for name, value in one.state_dict().items():
        assert torch.equal(value, two.state_dict()[name])


def test_half_precision_is_stored_and_float32_computes(tmp_path: Path) -> None:
    one = Pretrained(SMALL)
    save_network(one, tmp_path / "w.safetensors")
    two = load_network(tmp_path / "w.safetensors")
    assert {value.dtype for value in two.state_dict().values()} == {torch.float32}
    torch.testing.assert_close(two.state_dict()["out.bias"], one.state_dict()["out.bias"].half().float())


def test_what_is_no_network_is_refused(tmp_path: Path) -> None:
    missing = tmp_path / "missing.safetensors"
    other = tmp_path / "other.safetensors"
    save_file({"a": torch.zeros(2)}, other)
    broken = tmp_path / "broken.safetensors"
    broken.write_bytes(b"no tensors")
    for path in (missing, other, broken):
        with pytest.raises(ModelFileError, match=path.name):
            load_network(path)
