"""The two ONNX models of a network: the whole sequence, and one step with state in and state out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import onnx
from onnx import TensorProto, helper
from torch import nn

import recurra
from recurra.deploy.graph.cells import expanded
from recurra.deploy.graph.layers import graph_of
from recurra.deploy.graph.nodes import Graph, Recurrence, Vector
from recurra.deploy.onnx_graph.operations import Operations
from recurra.deploy.onnx_graph.operators import has_operator, write_operator
from recurra.deploy.onnx_graph.scanning import alive_steps, write_scan
from recurra.errors import InputError
from recurra.files import whole_file
from recurra.language import _

OPSET, IR = 17, 8  # the first with LayerNormalization: ONNX 1.12, onnxruntime 1.12


def export_onnx(
    network: nn.Module,
    directory: str | Path,
    *,
    name: str = "model",
    head: nn.Linear | None = None,
    lengths: bool = False,
) -> list[Path]:
    """Write a layer or `Stack`, and a linear head behind it, as ONNX; gives the files.

    NAME_sequence.onnx  x [T, B, F] (or [B, T, F], as the layer has it) and the states [B, .] -> y, the last states;
                        with `lengths` int64 [B] as well: a row ends there, and its outputs after it are zero
    NAME_step.onnx      x [B, F] and the states -> y [B, R], the new states; not of a bidirectional layer

    States are called layer0_h, layer0_c, ..., and layer0_h_next, ... when they come out; begin with zeros. Time and
    batch are dynamic, everything is float32. Raises InputError for a cell without an export and weights that are not
    finite.

    >>> import tempfile
    >>> import recurra as rc
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     [path.name for path in export_onnx(rc.nn.GRU(3, 5), folder, name="gru")]
    ['gru_sequence.onnx', 'gru_step.onnx']
    """
    graph = graph_of(network, head)
    made: Any = network
    first = made.layers[0] if hasattr(network, "layers") else made
    models = {"sequence": sequence_model(graph, batch_first=first.batch_first, lengths=lengths)}
    if not _reverses(graph):
        models["step"] = step_model(graph)
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for kind, model in models.items():
        files.append(folder / f"{name}_{kind}.onnx")
        with whole_file(files[-1]) as temporary:
            temporary.write_bytes(model.SerializeToString())
    return files


def step_model(graph: Graph) -> onnx.ModelProto:
    """One step: inputs [B, .] and states [B, .] -> outputs [B, .] and the new states."""
    if _reverses(graph):
        raise InputError(
            _("the network is bidirectional: expected one direction, as a step knows nothing of what comes")
        )
    step = expanded(graph)
    to = Operations()
    for node in step.nodes:
        to.write(node)
    for state, new in zip(step.states, step.updated, strict=True):
        to.add("Identity", new.name, to=f"{state.name}_next")
    names = _output_names(step)
    for output, name in zip(step.outputs, names, strict=True):
        to.add("Identity", output.name, to=name)
    return _model(
        to, [_info(each, "batch") for each in (*step.inputs, *step.states)],
        [_info(each, "batch", name=name) for each, name in zip(step.outputs, names, strict=True)]
        + [_info(state, "batch", name=f"{state.name}_next") for state in step.states],
    )  # fmt: skip


def sequence_model(graph: Graph, *, batch_first: bool = False, lengths: bool = False) -> onnx.ModelProto:
    """The whole sequence: inputs [T, B, .] or [B, T, .] and states [B, .] -> outputs and the last states."""
    to = Operations()
    around = ("batch", "time") if batch_first else ("time", "batch")
    if batch_first:
        to.renamed = {each.name: to.add("Transpose", each.name, perm=[1, 0, 2]) for each in graph.inputs}
    ends = "lengths" if lengths else None
    counts = alive = None
    if ends is not None:
        alive, counts = alive_steps(to, to.of(graph.inputs[0]), ends), to.cast(ends, TensorProto.INT32)
    last: dict[str, str] = {}
    for node in graph.nodes:
        if not isinstance(node, Recurrence):
            to.write(node)
            continue
        found = write_operator(to, node, counts) if has_operator(node) else write_scan(to, node, ends, alive)
        last |= {state.name: each for state, each in zip(node.states, found, strict=True)}
    for state in graph.states:
        to.add("Identity", last[state.name], to=f"{state.name}_next")
    names = _output_names(graph)
    for output, name in zip(graph.outputs, names, strict=True):
        found = to.of(output)
        if alive is not None:
            found = to.add("Where", alive, found, to.constant(0.0))
        if batch_first:
            to.add("Transpose", found, to=name, perm=[1, 0, 2])
        else:
            to.add("Identity", found, to=name)
    inputs = [_info(each, *around) for each in graph.inputs]
    if ends is not None:
        inputs.append(helper.make_tensor_value_info(ends, TensorProto.INT64, ["batch"]))
    return _model(
        to, [*inputs, *[_info(each, "batch") for each in graph.states]],
        [_info(each, *around, name=name) for each, name in zip(graph.outputs, names, strict=True)]
        + [_info(state, "batch", name=f"{state.name}_next") for state in graph.states],
    )  # fmt: skip


def _reverses(graph: Graph) -> bool:
    return any(isinstance(node, Recurrence) and node.call.recurrence.reverse for node in graph.nodes)


def _output_names(graph: Graph) -> list[str]:
    return ["y"] if len(graph.outputs) == 1 else [f"y{k}" for k in range(len(graph.outputs))]


def _info(vector: Vector, *before: str, name: str | None = None) -> Any:
    kind = TensorProto.INT64 if vector.whole else TensorProto.FLOAT
    return helper.make_tensor_value_info(name or vector.name, kind, [*before, vector.width])


def _model(to: Operations, inputs: list[Any], outputs: list[Any]) -> onnx.ModelProto:
    graph = helper.make_graph(to.nodes, "recurra", inputs, outputs, to.constants)
    model = helper.make_model(
        graph, producer_name="recurra", producer_version=recurra.__version__, ir_version=IR,
        opset_imports=[helper.make_opsetid("", OPSET)],
    )  # fmt: skip
    onnx.checker.check_model(model, full_check=True)
    return model
