"""Files made to harm or to confuse are refused at once, in memory bounded by their own size, and say what is wrong."""

from __future__ import annotations

import copy
import gzip
import json
import os
import resource
import struct
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch

import recurra as rc
from recurra.deploy.model_file import Contents, read_model, write_model

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "0.1"
SOURCES = {"forecast": GOLDEN / "forecast-covariates.safetensors", "classify": GOLDEN / "classify-text.safetensors"}
Header = dict[str, Any]


def parts(whole: bytes) -> tuple[Header, bytes]:
    length = struct.unpack("<Q", whole[:8])[0]
    return json.loads(whole[8 : 8 + length]), whole[8 + length :]


def joined(header: Header | str | bytes, data: bytes) -> bytes:
    text = header if isinstance(header, bytes) else (header if isinstance(header, str) else json.dumps(header)).encode()
    return struct.pack("<Q", len(text)) + text + data


def length(n: int) -> Callable[[bytes], bytes]:
    return lambda whole: struct.pack("<Q", n) + whole[8:]


def text(change: Callable[[str], str]) -> Callable[[bytes], bytes]:
    """The outer header changed as text."""
    return lambda whole: joined(change(json.dumps(parts(whole)[0])), parts(whole)[1])


def outer(change: Callable[[Header], None]) -> Callable[[bytes], bytes]:
    """The outer header changed as JSON."""

    def changed(whole: bytes) -> bytes:
        header, data = parts(whole)
        change(header)
        return joined(header, data)

    return changed


def first(header: Header) -> Header:
    """The entry of the tensor that begins the data."""
    return min((v for k, v in header.items() if k != "__metadata__"), key=lambda entry: entry["data_offsets"])


def entry(**fields: Any) -> Callable[[bytes], bytes]:
    return outer(lambda header: first(header).update(fields))


def inner(change: Callable[[Header], Any]) -> Callable[[bytes], bytes]:
    """Our own header, inside the metadata, changed as JSON."""

    def changed(header: Header) -> None:
        ours = json.loads(header["__metadata__"]["recurra"])
        found = change(ours)
        header["__metadata__"]["recurra"] = found if isinstance(found, str) else json.dumps(ours)

    return outer(changed)


def shifted(header: Header) -> None:
    entry = first(header)
    entry["data_offsets"] = [n + 8 for n in entry["data_offsets"]]


def overlapping(header: Header) -> None:
    low, high = sorted((v for k, v in header.items() if k != "__metadata__"), key=lambda v: v["data_offsets"])[:2]
    size = high["data_offsets"][1] - high["data_offsets"][0]
    high["data_offsets"] = [low["data_offsets"][0], low["data_offsets"][0] + size]


def without_first(header: Header) -> None:
    name = next(k for k, v in header.items() if v is first(header))
    del header[name]


def bomb(whole: bytes) -> bytes:
    """A gigabyte of zeros in a megabyte."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(1024)) + packer.flush()


BYTES: dict[str, Callable[[bytes], bytes]] = {
    "nothing": lambda whole: b"",
    "seven bytes": lambda whole: whole[:7],
    "only a length": lambda whole: whole[:8],
    "a header of no bytes": lambda whole: bytes(8),
    "a header as long as the file": lambda whole: length(len(whole))(whole),
    "a header one byte too long": lambda whole: length(len(whole) - 7)(whole),
    "a header of 2 GB": length(1 << 31),
    "a header of 2**63 bytes": length(1 << 63),
    "a header of 2**64 - 1 bytes": length((1 << 64) - 1),
    "a header cut short": lambda whole: length(struct.unpack("<Q", whole[:8])[0] - 1)(whole),
    "a byte behind the end": lambda whole: whole + b"\0",
    "the file twice": lambda whole: whole * 2,
    "a byte too few": lambda whole: whole[:-1],
    "a pickle": lambda whole: b"\x80\x04cos\nsystem\n(S'true'\ntR.",
    "a zip": lambda whole: b"PK\x03\x04" + bytes(100),
    "gzip of the file": gzip.compress,
    "a compression bomb": bomb,
    "no JSON": text(lambda header: header.replace(":", ";", 1)),
    "JSON and more": text(lambda header: header + " {}"),
    "a list": text(lambda header: "[]"),
    "a number": text(lambda header: "1"),
    "null": text(lambda header: "null"),
    "100,000 brackets": text(lambda header: "[" * 100_000),
    "100,000 nested lists": text(lambda header: header[:-1] + ',"x":' + "[" * 100_000 + "]" * 100_000 + "}"),
    "nested objects": text(lambda header: header[:-1] + ',"x":' + '{"a":' * 50_000 + "1" + "}" * 50_000 + "}"),
    "a tensor twice": text(lambda header: header[:-1] + "," + header[1:]),
    "metadata twice": text(lambda header: header[:-1] + ',"__metadata__":{"recurra":"{}"}}'),
    "NaN for an offset": text(lambda header: header.replace(": [0", ": [NaN", 1)),
    "an offset of 10**5000": text(lambda header: header.replace(": [0", ": [1" + "0" * 5000, 1)),
    "a fraction for an offset": text(lambda header: header.replace(": [0", ": [0.0", 1)),
    "text that is no UTF-8": lambda whole: whole.replace(b"F32", b"\xff\xfe2", 1),
    "half a character": text(lambda header: header.replace('"F32"', '"\\ud800"', 1)),
    "no metadata": outer(lambda header: header.pop("__metadata__")),
    "metadata that are a list": outer(lambda header: header.update(__metadata__=[])),
    "metadata that are numbers": outer(lambda header: header.update(__metadata__={"recurra": 1})),
    "metadata of somebody else beside": outer(lambda header: header["__metadata__"].update(code="import os")),
    "a shape that overflows 64 bits": entry(shape=[1 << 33, 1 << 33]),
    "a shape that overflows to the right size": entry(shape=[1 << 62, 4]),
    "a shape below zero": entry(shape=[-1, -3]),
    "a shape of true": entry(shape=[True]),
    "a shape of text": entry(shape="3"),
    "a shape of a million dimensions": entry(shape=[1] * 1_000_000),
    "no shape": outer(lambda header: first(header).pop("shape")),
    "an unknown type": entry(dtype="F128"),
    "a type that is a number": entry(dtype=3),
    "a type of another size": entry(dtype="U8"),
    "something beside the shape": entry(code="import os"),
    "three offsets": entry(data_offsets=[0, 1, 2]),
    "offsets the wrong way round": entry(data_offsets=[24, 0]),
    "offsets beyond the file": entry(data_offsets=[1 << 40, (1 << 40) + 24]),
    "a tensor that is a text": outer(lambda header: header.update(x="import os")),
    "ranges with a hole": outer(shifted),
    "ranges that overlap": outer(overlapping),
    "bytes of no tensor": outer(without_first),
    "our header no JSON": inner(lambda ours: "{"),
    "our header nested": inner(lambda ours: "[" * 100_000),
    "our header a list": inner(lambda ours: "[]"),
    "our header twice the same": inner(lambda ours: json.dumps(ours)[:-1] + ',"kind":"forecaster"}'),
    "our header with NaN": inner(lambda ours: json.dumps(ours)[:-1] + ',"x":NaN}'),
    "no kind": inner(lambda ours: ours.pop("kind") and None),
    "a kind that is a class": inner(lambda ours: ours.update(kind="os.system")),
    "a version in words": inner(lambda ours: ours.update(version="1")),
    "a version below 1": inner(lambda ours: ours.update(version=0)),
    "a version that is true": inner(lambda ours: ours.update(version=True)),
    "a version of tomorrow": inner(lambda ours: ours.update(version=10**9)),
    "a checksum that is none": inner(lambda ours: ours.update(sha256=None)),
    "no checksum": inner(lambda ours: ours.pop("sha256") and None),
    "another checksum": inner(lambda ours: ours.update(sha256="0" * 64)),
    "an unknown key": inner(lambda ours: ours.update(hook="import os")),
}  # fmt: skip


def refused(path: Path) -> str:
    """The refusal of a file, which comes within a second and takes no more memory than the file and a little."""
    memory, start = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss, time.process_time()
    with pytest.raises(rc.ModelFileError) as error:
        rc.load(path)
    assert time.process_time() - start < 1.0
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - memory) * 1024 < 64 * path.stat().st_size + (8 << 20)
    assert "Traceback" not in str(error.value)
    assert str(path) in str(error.value)
    return str(error.value)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("name", BYTES)
def test_a_broken_file_is_refused(tmp_path: Path, name: str, source: str) -> None:
    path = tmp_path / "model.safetensors"
    path.write_bytes(BYTES[name](SOURCES[source].read_bytes()))
    refused(path)


@pytest.mark.parametrize("source", SOURCES)
def test_a_file_that_ends_at_any_boundary_is_refused(tmp_path: Path, source: str) -> None:
    whole = SOURCES[source].read_bytes()
    header, _ = parts(whole)
    begin = 8 + struct.unpack("<Q", whole[:8])[0]
    ends = {begin + n for name, v in header.items() if name != "__metadata__" for n in v["data_offsets"]}
    path = tmp_path / "model.safetensors"
    for end in sorted({0, 1, 8, 9, begin - 1, begin, *ends} - {len(whole)}):
        path.write_bytes(whole[:end])
        assert "not a readable model file" in refused(path)


HUGE = 1 << 40
PLACES: dict[str, tuple[str, tuple, Any]] = {
    "as many units as there is no memory for": ("forecast", ("model", "recipe", "network", "hidden"), HUGE),
    "a million layers": ("forecast", ("model", "recipe", "network", "layers"), 1_000_000),
    "a horizon of 2**40": ("forecast", ("model", "recipe", "horizon"), HUGE),
    "a window of 2**40": ("forecast", ("member/0", "shape", "window"), HUGE),
    "a cell that is a path": ("forecast", ("model", "recipe", "cell"), "../../plugin"),
    "a zone that is a path": ("forecast", ("model", "panel", "grid", "tz"), "../../../etc/passwd"),
    "a frequency of 10**18 hours": ("forecast", ("model", "panel", "grid", "freq"), "1000000000000000000h"),
    "a class that is a module": ("forecast", ("model", "is a"), "os.system"),
    "a class of Python's": ("forecast", ("model", "recipe", "is a"), "dict"),
    "a million members": ("forecast", ("header", "members"), 1_000_000),
    "an own network that is a command": ("forecast", ("header", "own_network"), "os.system"),
    "a key beside the parts": ("forecast", ("__reduce__",), "os.system"),
    "embeddings of 2**40": ("classify", ("model", "recipe", "networks", "text", "embedding"), HUGE),
    "positions of 2**40": ("classify", ("model", "recipe", "networks", "text", "positions"), HUGE),
    "a kernel of 2**40 + 1": ("classify", ("model", "recipe", "networks", "text", "convolution"), [HUGE + 1]),
    "n-grams of 10**9 tokens": ("classify", ("model", "baselines", 1, "model", "grams", "orders"), [1, 10**9]),
    "a label twice": ("classify", ("objective", "labels", "names"), ["pos", "pos"]),
    "a dtype that is code": ("classify", ("objective", "labels", "dtype"), "O8, (os.system)"),
    "an input that is no input": ("classify", ("usage", "inputs"), ["../x"]),
    "a smoothing of 2": ("classify", ("objective", "smoothing"), 2.0),
}


@pytest.fixture(scope="module")
def contents(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Contents]:
    """What the files hold when they are written today."""
    found = {}
    for name, source in SOURCES.items():
        path = tmp_path_factory.mktemp("today") / "model.safetensors"
        rc.load(source).save(path)
        found[name] = read_model(path)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("name", PLACES)
def test_a_configuration_that_harms_is_refused_though_its_checksum_fits(
    contents: dict[str, Contents], tmp_path: Path, name: str
) -> None:
    source, place, value = PLACES[name]
    kept = contents[source]
    config: Any = copy.deepcopy(kept.config)
    above = config
    for key in place[:-1]:
        if key == "text" and key not in above:
            key = next(iter(above))
        above = above[key]
    above[place[-1]] = value
    write_model(tmp_path / "model.safetensors", Contents(kept.kind, config, kept.tensors))
    assert "is not a valid" in (said := refused(tmp_path / "model.safetensors")) or "holds the weights" in said


@pytest.mark.slow
@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("wild", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_refused(
    contents: dict[str, Contents], tmp_path: Path, source: str, wild: float
) -> None:
    kept = contents[source]
    for name, weight in kept.tensors.items():
        if not (name.startswith("weights/") and weight.is_floating_point() and weight.numel()):
            continue
        changed = weight.clone()
        changed.view(-1)[0] = wild
        write_model(tmp_path / "model.safetensors", Contents(kept.kind, kept.config, kept.tensors | {name: changed}))
        assert "finite" in refused(tmp_path / "model.safetensors")


def test_names_that_are_paths_stay_names(contents: dict[str, Contents], tmp_path: Path) -> None:
    kept = contents["forecast"]
    tensors = kept.tensors | {"../../../tmp/escaped": torch.ones(1)}
    write_model(tmp_path / "model.safetensors", Contents(kept.kind, kept.config, tensors))
    assert "has a form that no such model has" in refused(tmp_path / "model.safetensors")


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(path := tmp_path / "pipe.safetensors")
    with pytest.raises(rc.ModelFileError, match="is no file on a disk"):
        rc.load(path)
    with pytest.raises(rc.ModelFileError, match="is no file on a disk"):
        rc.load("/dev/zero")
