"""A hundred thousand broken model files, each refused or used: python -m tests.fuzz.files --mutations 100000

Mutates the golden files, and what is written of them today, by structure: bytes, the outer header and its layout of
tensors, the configuration and the tensors with a checksum that fits. Each must be refused (`ModelFileError`) or be a
model that can be used. Any other exception, a second of CPU for one, or memory that grows is a fault, and an error.
"""

from __future__ import annotations

import argparse
import copy
import json
import resource
import signal
import struct
import sys
import tempfile
import time
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import torch
from tests.golden.others import said_of
from tests.golden.plain import back

import recurra as rc
from recurra.deploy.model_file import Contents, read_model, write_model

GOLDEN = Path(__file__).resolve().parents[1] / "golden" / "0.1"
LONGEST = 1.0  # seconds of CPU for one file
MOST = 300_000  # KB that the process may grow by
NUMBERS = [0, 1, -1, 2, 7, 64, 1 << 20, 1 << 31, 1 << 45, 1 << 62, 1 << 63, 10**30, 0.5, -0.0, 1e300, 1e-300]
VALUES = [
    *NUMBERS,
    None,
    True,
    False,
    "",
    "x",
    "../../etc/passwd",
    "os.system",
    "\u0000",
    "é" * 50,
    [],
    {},
    [[]],
    [0, 1],
]
DTYPES = [
    torch.float32,
    torch.float64,
    torch.float16,
    torch.int64,
    torch.int32,
    torch.uint8,
    torch.bool,
    torch.bfloat16,
]


def places(value: Any, at: tuple = ()) -> Iterator[tuple]:
    """The path of every value in a configuration."""
    if at:
        yield at
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, each in entries:
        yield from places(each, (*at, key))


def changed_json(config: Any, rng: Random) -> Any:
    """Configuration in which one to three places are dropped, doubled, moved or something else."""
    config = copy.deepcopy(config)
    for _ in range(rng.choice([1, 1, 2, 3])):
        every = list(places(config))
        if not every:
            break
        place = rng.choice(every)
        above = config
        for key in place[:-1]:
            above = above[key]
        how = rng.randrange(6)
        if how == 0:
            del above[place[-1]]
        elif how == 1 and isinstance(above, dict):
            above[rng.choice(["surplus", "is a", "code", "__class__", str(place[-1]) + " "])] = rng.choice(VALUES)
        elif how == 2 and isinstance(above, list):
            above.insert(rng.randrange(len(above) + 1), copy.deepcopy(rng.choice(above)))
        elif how == 3:
            other = config
            for key in rng.choice(every):
                if not isinstance(other, dict | list) or (isinstance(other, dict) and key not in other):
                    break
                if isinstance(other, list) and not (isinstance(key, int) and key < len(other)):
                    break
                other = other[key]
            above[place[-1]] = copy.deepcopy(other)
        elif how == 4 and type(above[place[-1]]) in (int, float):
            above[place[-1]] += rng.choice([-1, 1, 0.5, 1 << 33])
        else:
            above[place[-1]] = rng.choice(VALUES)
    return config


def changed_tensors(tensors: dict[str, torch.Tensor], rng: Random) -> dict[str, torch.Tensor]:
    """Tensors of which one is missing, named otherwise, or of other values, type or shape."""
    found = dict(tensors)
    for _ in range(rng.choice([1, 1, 2])):
        name = rng.choice(list(found))
        value = found[name]
        how = rng.randrange(8)
        if how == 0 and len(found) > 1:
            del found[name]
        elif how == 1:
            found[rng.choice(["weights/9/x", "surplus", name + "x", name.rpartition("/")[0]])] = value
        elif how == 2:
            found[name] = value.to(rng.choice(DTYPES))
        elif how == 3:
            found[name] = value.reshape(-1)[: rng.randrange(value.numel() + 1)]
        elif how == 4:
            found[name] = value.unsqueeze(rng.randrange(value.dim() + 1))
        elif how == 5:
            found[name] = torch.cat([value.reshape(-1)] * 2)
        elif value.numel():
            changed = value.clone().reshape(-1)
            wild = [float("nan"), float("inf"), 1e38, -1.0, 0.0] if value.is_floating_point() else [0, 1, 127]
            wild += [] if value.is_floating_point() or value.dtype.itemsize < 4 else [-1, (1 << 31) - 1]
            wild += [1 << 62, -(1 << 63)] if value.dtype == torch.int64 else []
            changed[rng.randrange(len(changed))] = rng.choice(wild)
            found[name] = changed.reshape(value.shape)
    return found


def changed_bytes(whole: bytes, rng: Random) -> bytes:
    """Bytes flipped, cut, doubled, put in or at the end; the length of the header."""
    data = bytearray(whole)
    place = rng.randrange(len(data))
    how = rng.randrange(7)
    if how == 0:
        return bytes(data[:place])
    if how == 1:
        return bytes(data) + rng.randbytes(rng.randrange(1, 64))
    if how == 2:
        data[place:place] = rng.randbytes(rng.randrange(1, 16))
    elif how == 3:
        del data[place : place + rng.randrange(1, 16)]
    elif how == 4:
        data[:8] = struct.pack("<Q", rng.choice([0, 1, 2, len(data), len(data) - 8, 1 << 31, 1 << 62, (1 << 64) - 1]))
    elif how == 5:
        data[place : place + 8] = data[: len(data[place : place + 8])]
    else:
        for _ in range(rng.choice([1, 2, 8])):
            data[rng.randrange(len(data))] ^= 1 << rng.randrange(8)
    return bytes(data)


def changed_layout(whole: bytes, rng: Random) -> bytes:
    """The outer header changed as JSON: names, types, shapes, ranges, metadata; or as text: twice, deep, not JSON."""
    length = struct.unpack("<Q", whole[:8])[0]
    header, rest = json.loads(whole[8 : 8 + length]), whole[8 + length :]
    how = rng.randrange(6)
    if how == 0:
        text = json.dumps(header)
        text = text[:-1] + "," + text[1:]
    elif how == 1:
        deep = rng.choice([50, 5_000, 100_000])
        text = json.dumps(header)[:-1] + ',"x":' + "[" * deep + "]" * rng.choice([deep, 0]) + "}"
    elif how == 2:
        text = json.dumps(header).replace("[0,", rng.choice(["[-1,", "[NaN,", "[1e999,", "[0.0,", '["0",']), 1)
    else:
        text = json.dumps(changed_json(header, rng))
    encoded = text.encode("utf-8", "surrogatepass")
    return struct.pack("<Q", len(encoded)) + encoded + rest


def written(path: Path, source: Path, contents: Contents, rng: Random) -> str:
    """A mutation of `source`, whose contents are these, at `path`; how it was made."""
    how = rng.choice(["bytes", "layout", "configuration", "configuration", "configuration", "tensors", "tensors"])
    if how in ("bytes", "layout"):
        path.write_bytes((changed_bytes if how == "bytes" else changed_layout)(source.read_bytes(), rng))
        return how
    config = changed_json(contents.config, rng) if how == "configuration" else contents.config
    tensors = changed_tensors(contents.tensors, rng) if how == "tensors" else contents.tensors
    write_model(path, Contents(contents.kind, config, tensors))
    return how


def use(path: Path, asked: dict[str, Any]) -> str:
    """Open it and ask it what the golden file was asked: "refused", "used", or "asks for other data"."""
    try:
        model = rc.load(path)
    except (rc.ModelFileError, rc.InputError):
        return "refused"
    try:
        if "other" in asked:
            said_of(model, back(asked["other"]))
        elif isinstance(model, rc.Forecaster):
            model.predict()
        else:
            model.predict(back(asked["data"]) if "data" in asked else ["a b"])
    except (rc.RecurraError, ValueError):
        return "asks for other data"
    return "used"


def run(mutations: int, first: int) -> int:
    """The number of faults of so many mutations."""
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    sources = [path for path in sorted(GOLDEN.glob("*.safetensors")) if "own-network" not in path.stem]
    with tempfile.TemporaryDirectory() as folder:
        seeds = []
        for source in sources:  # in both formats: as it is, and as it is written today
            asked = json.loads(source.with_suffix(".json").read_text("utf-8"))
            today = Path(folder) / source.name
            rc.load(source).save(today)
            seeds += [(path, read_model(path), asked) for path in (source, today)]
        path = Path(folder) / "mutation.safetensors"
        return _each(seeds, path, mutations, first)


def _each(seeds: list, path: Path, mutations: int, first: int) -> int:
    verdicts: Counter[str] = Counter()
    slowest, faults, begin = 0.0, 0, time.perf_counter()
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for seed in range(first, first + mutations):
        rng = Random(seed)
        source, contents, asked = rng.choice(seeds)
        how = "?"
        start = time.process_time()
        signal.setitimer(signal.ITIMER_VIRTUAL, 10 * LONGEST)
        try:
            how = written(path, source, contents, rng)
            verdict = use(path, asked)
        except BaseException as error:  # whatever it is, it is a fault
            verdict = f"FAULT {type(error).__name__}"
            print(f"mutation {seed} of {source.stem} ({how}): {type(error).__name__}: {str(error)[:200]}", flush=True)
            faults += 1
            if isinstance(error, KeyboardInterrupt):
                raise
        finally:
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        took = time.process_time() - start
        slowest = max(slowest, took)
        if took > LONGEST:
            print(f"mutation {seed} of {source.stem} ({how}) took {took:.1f} s", flush=True)
            faults += 1
        now = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        if now - memory > MOST:
            print(f"mutation {seed} of {source.stem} ({how}) took {(now - memory) >> 10} MB", flush=True)
            faults += 1
            memory = now
        verdicts[f"{how}: {verdict}"] += 1
    took = time.perf_counter() - begin
    for name, count in sorted(verdicts.items()):
        print(f"{count:>8,}  {name}")
    print(f"{mutations:,} mutations in {took:.0f} s, the slowest {slowest:.2f} s of CPU; {faults or 'no'} faults")
    return faults


def _too_long(*_: object) -> None:
    raise TimeoutError("it hangs")


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.files", description=__doc__)
    parser.add_argument("--mutations", type=int, default=10_000)
    parser.add_argument("--first", type=int, default=0, help="the seed of the first mutation")
    options = parser.parse_args()
    signal.signal(signal.SIGVTALRM, _too_long)
    return min(1, run(options.mutations, options.first))


if __name__ == "__main__":
    sys.exit(main())
