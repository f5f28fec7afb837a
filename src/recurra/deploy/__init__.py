"""What leaves the house: the model file, and networks as C99 and ONNX.

model_file.py  parts.py   a model as one safetensors file
graph/                    a network as a graph of small operations
c_source/  onnx_graph/    that graph as C99, and as ONNX
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from recurra.deploy.model_file import Contents, read_model, write_model
from recurra.errors import InputError

if TYPE_CHECKING:
    from recurra.deploy.c_source import export_c
    from recurra.deploy.onnx_graph import export_onnx

__all__ = ["Contents", "export_c", "export_onnx", "read_model", "write_model"]


def __getattr__(name: str) -> Any:
    if name == "export_c":
        from recurra.deploy.c_source import export_c

        return export_c
    if name != "export_onnx":
        raise AttributeError(f"module 'recurra.deploy' has no attribute {name!r}")
    try:
        from recurra.deploy.onnx_graph import export_onnx
    except ModuleNotFoundError as error:
        if error.name != "onnx":
            raise
        raise InputError("onnx is not installed: pip install recurra[onnx]") from error
    return export_onnx
