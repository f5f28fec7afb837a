"""A fitted model as it leaves the house: its graphs, what they cannot say, and what it said of a few rows."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy.typing as npt

from recurra.deploy.graph.nodes import Graph
from recurra.errors import InputError
from recurra.extras import require_package
from recurra.language import _
from recurra.options import option


def check_folders(onnx: object, c: object) -> None:
    """Raise InputError where there is no folder to write to."""
    if onnx is None and c is None:
        raise InputError(_("nothing to write: give a folder with {onnx} or {c}", onnx=option("onnx"), c=option("c")))


def made_folder(directory: str | Path) -> Path:
    """The folder, which is made where it is not there; raises InputError where that cannot be."""
    folder = Path(directory)
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        reason = _("a file is there") if isinstance(error, FileExistsError | NotADirectoryError) else error.strerror
        raise InputError(
            _("{path} cannot be made a folder ({reason}): give another one", path=folder, reason=reason)
        ) from error
    return folder


@dataclass(frozen=True, eq=False)
class Case:
    """Inputs of one row [w], or [T, w] on an axis (tokens [T]), by name, and the outputs that the model gave for it."""

    inputs: Mapping[str, npt.NDArray]
    outputs: Mapping[str, npt.NDArray]


@dataclass(frozen=True, eq=False)
class Exported:
    """What `write_onnx` and `write_c` write of a model.

    whole       a row goes in, its outputs come out
    step        the newest step goes in; None, and the reason, where nothing can be said before the end
    sidecar     what a graph cannot say: how inputs are made, what outputs are called
    cases       rows and what the model says of them
    step_cases  one row step by step, from the beginning
    tokenizers  by the name of its file, what cuts a text into tokens: of the package `tokenizers`
    remark      what of the model's answer is not in the graphs; "" where all is
    second      what the files of `step` are called, where it is another graph than a step of the same
    why_no_c    why there is no C; "" where there is
    """

    what: str
    whole: Graph
    step: Graph | None
    sidecar: Mapping[str, Any]
    cases: tuple[Case, ...]
    step_cases: tuple[Case, ...] = ()
    why_no_step: str = ""
    tokenizers: Mapping[str, Any] = field(default_factory=dict)
    remark: str = ""
    second: str = "step"
    why_no_c: str = ""

    def write(
        self,
        *,
        onnx: str | Path | None = None,
        c: str | Path | None = None,
        name: str = "model",
        int8: bool = False,
        steps: int = 512,
    ) -> list[Path]:
        """Write it as ONNX into one folder, as C99 into another; gives the files.

        See `recurra.deploy.onnx_graph.folder.write_onnx` and `recurra.deploy.c_source.whole_project.write_c_model`.
        Raises InputError without a folder, and for C where there is none.
        """
        check_folders(onnx, c)
        if c is not None and self.why_no_c:
            raise InputError(self.why_no_c)
        files: list[Path] = []
        if onnx is not None:
            require_package("onnx")
            from recurra.deploy.onnx_graph.folder import write_onnx

            files += write_onnx(self, onnx, name=name, int8=int8)
        if c is not None:
            from recurra.deploy.c_source.whole_project import write_c_model

            files += write_c_model(self, c, name=name, int8=int8, steps=steps)
        return files
