"""The model file comes back as it was written, and anything else is refused before it is used."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from recurra.deploy.model_file import FORMAT, Contents, read_model, write_model
from recurra.errors import InputError, ModelFileError

CONTENTS = Contents(
    "forecaster",
    {"series": ["a", "北京"], "size": 3},
    {"w": torch.arange(6.0).view(2, 3).T, "none": torch.zeros(0, 2), "codes": torch.tensor([1, -1], dtype=torch.int32)},
)


@pytest.fixture
def path(tmp_path):
    write_model(tmp_path / "m.safetensors", CONTENTS)
    return tmp_path / "m.safetensors"


def resident():
    """Bytes of memory that this process holds."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def rewrite(path, tensors=None, **changes):
    from safetensors import safe_open

    with safe_open(path, framework="pt") as file:
        header = {**json.loads(file.metadata()["recurra"]), **changes}
        kept = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118 (not a dict)
    save_file(kept | (tensors or {}), path, metadata={"recurra": json.dumps(header)})


def test_what_goes_in_comes_out(path):
    found = read_model(path)
    assert (found.kind, found.config) == (CONTENTS.kind, CONTENTS.config)
    assert found.tensors.keys() == CONTENTS.tensors.keys()
    for key, value in CONTENTS.tensors.items():
        assert found.tensors[key].dtype == value.dtype
        assert torch.equal(found.tensors[key], value)


def test_the_same_contents_are_the_same_bytes(path, tmp_path):
    shuffled = Contents(CONTENTS.kind, CONTENTS.config, dict(reversed(CONTENTS.tensors.items())))
    write_model(tmp_path / "other.safetensors", shuffled)
    assert path.read_bytes() == (tmp_path / "other.safetensors").read_bytes()


def test_every_cut_is_refused(path):
    whole = path.read_bytes()
    for length in (0, 1, 7, 8, 50, len(whole) // 2, len(whole) - 1):
        path.write_bytes(whole[:length])
        with pytest.raises(ModelFileError, match="not a readable model file"):
            read_model(path)


def test_every_changed_byte_of_the_tensors_is_noticed(path):
    whole = bytearray(path.read_bytes())
    for place in range(len(whole) - 24, len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1
        path.write_bytes(bytes(changed))
        with pytest.raises(ModelFileError, match="altered"):
            read_model(path)


def test_a_changed_configuration_is_noticed(path):
    rewrite(path, config={**CONTENTS.config, "size": 4})
    with pytest.raises(ModelFileError, match="altered"):
        read_model(path)


@pytest.mark.parametrize("changes", [{"version": "x"}, {"version": None}, {"kind": 3}, {"config": []}])
def test_a_damaged_header_is_refused(path, changes):
    rewrite(path, **changes)
    with pytest.raises(ModelFileError, match="damaged header"):
        read_model(path)


def test_another_tensor_is_noticed(path):
    rewrite(path, {"more": torch.ones(1)})
    with pytest.raises(ModelFileError, match="altered"):
        read_model(path)


def test_a_newer_version_says_to_upgrade(path):
    rewrite(path, version=FORMAT + 1)
    with pytest.raises(ModelFileError, match=r"newer version of Recurra.*upgrade"):
        read_model(path)


def test_other_files_are_refused(path, tmp_path):
    save_file({"w": torch.ones(2)}, tmp_path / "other.safetensors")
    with pytest.raises(ModelFileError, match="not a Recurra model"):
        read_model(tmp_path / "other.safetensors")
    (tmp_path / "x.csv").write_text("a,b\n1,2\n")
    with pytest.raises(ModelFileError, match="something else"):
        read_model(tmp_path / "x.csv")
    with pytest.raises(InputError, match="is a folder"):
        read_model(tmp_path)
    with pytest.raises(InputError, match="no model file"):
        read_model(tmp_path / "absent.safetensors")


def test_an_old_file_stays_when_writing_fails(path):
    before = path.read_bytes()
    with pytest.raises(ValueError, match="Out of range float"):
        write_model(path, Contents("forecaster", {"x": float("nan")}, {}))
    assert path.read_bytes() == before
    assert list(path.parent.iterdir()) == [path]


def test_tensors_of_one_memory_are_written_each(path):
    shared = torch.arange(3.0)
    write_model(path, Contents("kind", {}, {"a": shared, "b": shared.view(3)}))
    found = read_model(path).tensors
    assert torch.equal(found["a"], shared)
    assert torch.equal(found["b"], shared)


def test_how_cells_were_read_is_kept(tmp_path):
    path, reading = tmp_path / "m.safetensors", {"missing": ["-999", "nix"], "decimal": ","}
    write_model(path, replace(CONTENTS, reading=reading))
    assert read_model(path).reading == reading
    rewrite(path, reading={"decimal": "."})
    with pytest.raises(ModelFileError, match="altered"):
        read_model(path)


@pytest.mark.parametrize("reading", [[], {"decimal": 3}, {"missing": "x"}, {"missing": [1]}, {"path": "/etc/passwd"}])
def test_damaged_words_of_reading_are_refused(path, reading):
    rewrite(path, reading=reading)
    with pytest.raises(ModelFileError, match="damaged header"):
        read_model(path)


@pytest.mark.skipif(sys.platform != "linux", reason="what a process holds is read from /proc")
def test_what_is_read_is_held_once_it_is_used(tmp_path: Path) -> None:
    path, size = tmp_path / "large.safetensors", 16_000_000
    write_model(path, Contents("forecaster", {}, {"rows": torch.ones(size)}))
    before = resident()
    found = read_model(path)
    assert resident() - before < size  # a quarter of its bytes
    assert found.tensors["rows"].sum() == size
    assert resident() - before > 3 * size
