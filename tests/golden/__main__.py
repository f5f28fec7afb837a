"""Write the golden files of this version: python -m tests.golden [NAME ...]

Tiny models of every task, cell and option that changes what a file holds, each with what it was asked and what it said.
Written once for a release and never again: `test_golden.py` opens them with every later version.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

import torch
from tests.golden import asking, commands, forecasts, labelled, others

import recurra
from recurra.nn.own import OwnNetwork


def main(names: list[str]) -> int:
    torch.set_num_threads(1)
    folder = Path(__file__).parent / recurra.__version__.rpartition(".")[0]
    folder.mkdir(exist_ok=True)
    for name in [*forecasts.every(), *labelled.every(), *commands.COMMANDS, *others.EVERY]:
        path = folder / f"{name}.safetensors"
        if names and name not in names:
            continue
        if path.exists():
            print(f"{path} is there already: golden files are written once")
            continue
        print(name, end=" ", flush=True)
        asked = write(name, path)
        asked["said"] = asking.said(path, asked)
        path.with_suffix(".json").write_text(json.dumps(asked, ensure_ascii=False, separators=(",", ":")), "utf-8")
        print(f"{(path.stat().st_size + path.with_suffix('.json').stat().st_size) / 1024:.1f} KiB")
    return 0


def write(name: str, path: Path) -> dict:
    """Write one model file; what it is asked."""
    if name in commands.COMMANDS:
        with tempfile.TemporaryDirectory() as folder:
            model, text = commands.make(name, Path(folder))
            path.write_bytes(model.read_bytes())
        return {"file": text}
    if name in others.EVERY:
        model, data = others.EVERY[name]()
        model.save(path)
        return {"other": asking.plain(data)}
    if name in labelled.every():
        model, examples, labels = labelled.every()[name]()
    else:
        (model, examples), labels = forecasts.every()[name](), None
    model.save(path)
    network = model.model_.members[0].network
    own = network.name if isinstance(network, OwnNetwork) else None
    return {"network": own, "data": asking.plain(examples), "labels": asking.plain(labels)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
