"""A folder with a whole model as ONNX: its graphs, a sidecar, rows to check it with, and a program that does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from recurra.deploy.exported import Case, Exported, made_folder
from recurra.deploy.graph.nodes import Graph, Vector
from recurra.deploy.onnx_graph.whole import lengths_names, whole_model
from recurra.errors import InputError
from recurra.files import whole_file
from recurra.language import _


def write_onnx(model: Exported, directory: str | Path, *, name: str = "model", int8: bool = False) -> list[Path]:
    """Write what was exported; gives the files.

    NAME.onnx       a batch of rows in, their outputs out; time and batch are dynamic
    NAME_step.onnx  the newest step and the states in, the outputs and the new states (NAME_next) out
    NAME.json       what the graphs cannot say
    NAME_rows.npz   a few rows and what the model says of them
    example.py      runs both graphs on these rows and compares; needs onnxruntime and NumPy

    With `int8` large weights are whole numbers with a scale for each output: a quarter of the size. Raises InputError
    where there can be no such folder, and where NAME.json is another's.
    """
    folder = made_folder(directory)
    _refuse_others(folder / f"{name}.json")
    graphs = {name: model.whole} | ({} if model.step is None else {f"{name}_{model.second}": model.step})
    written = []
    for stem, graph in graphs.items():
        written.append(_write(folder / f"{stem}.onnx", whole_model(graph, int8=int8).SerializeToString()))
    sidecar = dict(model.sidecar) | ({"no step model": model.why_no_step} if model.step is None else {})
    text = json.dumps(sidecar, ensure_ascii=False, indent=1)
    written.append(_write(folder / f"{name}.json", text.encode()))
    for file, tokenizer in model.tokenizers.items():
        written.append(_write(folder / file, tokenizer.to_str(pretty=True).encode()))
    written.append(folder / f"{name}_rows.npz")
    with whole_file(written[-1]) as temporary, temporary.open("wb") as stream:
        np.savez(stream, **_rows(model))  # pyright: ignore[reportArgumentType]  # arrays, none called allow_pickle
    written.append(_write(folder / "example.py", _EXAMPLE.format(name=name, second=model.second).encode()))
    return written


def _refuse_others(sidecar: Path) -> None:
    """Raise InputError where a file is there that no export wrote."""
    if not sidecar.exists():
        return
    try:
        found = json.loads(sidecar.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        found = None
    if not isinstance(found, dict) or "task" not in found:
        raise InputError(
            _("{path} exists and was not written by an export: give another folder, or an empty one", path=sidecar)
        )


def _write(path: Path, content: bytes) -> Path:
    with whole_file(path) as temporary:
        temporary.write_bytes(content)
    return path


def fed(graph: Graph, case: Case) -> dict[str, npt.NDArray]:
    """A case as the inputs of a session: a batch of one row."""
    found = {each.name: np.asarray(case.inputs[each.name]).astype(dtype_of(each))[None] for each in graph.inputs}
    for axis, lengths in lengths_names(graph).items():
        along = next(each.name for each in graph.inputs if each.at == axis)
        found[lengths] = np.array([len(case.inputs[along])], np.int64)
    return found


def dtype_of(vector: Vector) -> Any:
    """The type of its numbers in ONNX."""
    return np.int64 if vector.whole else np.float64 if vector.double else np.float32


def _rows(model: Exported) -> dict[str, npt.NDArray]:
    """The cases as arrays called NAME/number/input or NAME/number=output."""
    found: dict[str, npt.NDArray] = {}
    pairs = [("whole", model.whole, model.cases), (model.second, model.step, model.step_cases)]
    for kind, graph, cases in pairs:
        for k, case in enumerate(cases):
            if graph is not None:
                found |= {f"{kind}/{k:03d}/{word}": value for word, value in fed(graph, case).items()}
                found |= {f"{kind}/{k:03d}={word}": value[None] for word, value in case.outputs.items()}
    return found


_EXAMPLE = '''\
"""Runs the exported model on a few rows, and compares it with what the model said of them: needs onnxruntime, NumPy."""

from pathlib import Path

import numpy as np
import onnxruntime

here, worst = Path(__file__).parent, 0.0
rows = np.load(here / "{name}_rows.npz")
for kind, file in (("whole", "{name}.onnx"), ("{second}", "{name}_{second}.onnx")):
    if not (here / file).exists():
        continue
    session, state = onnxruntime.InferenceSession(str(here / file)), {{}}
    for number in sorted({{key[len(kind) + 1 :][:3] for key in rows if key.startswith(kind)}}):
        given = {{key.split("/")[2]: rows[key] for key in rows if key.startswith(f"{{kind}}/{{number}}/")}}
        for each in session.get_inputs():  # the state begins with zeros
            if each.name not in given:
                types = {{"tensor(double)": np.float64, "tensor(int64)": np.int64}}
                given[each.name] = state.get(each.name, np.zeros((1, each.shape[1]), types.get(each.type, np.float32)))
        found = dict(zip([each.name for each in session.get_outputs()], session.run(None, given)))
        state = {{name.removesuffix("_next"): value for name, value in found.items() if name.endswith("_next")}}
        for key in rows:
            if key.startswith(f"{{kind}}/{{number}}="):
                expected, said = rows[key], found[key.split("=")[1]]
                worst = max(worst, float(abs(said - expected).max() / max(abs(expected).max(), 1.0)))
print(f"largest difference: {{worst:.2g}}")
'''
