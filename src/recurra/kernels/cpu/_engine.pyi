"""What the engine in C++ gives to Python: module.cpp and the other files *_module.cpp."""

from typing import Any

import numpy as np
import numpy.typing as npt

FIELDS: list[tuple[str, str, str]]  # name, element and shape, as in fields.def
CELLS: list[tuple[str, int, bool, bool, bool, bool]]  # name, blocks, carries c, gate is h, sums apart, resets before

class Call:
    """The fields of fields.def, to be set by name."""

    def __setattr__(self, name: str, value: Any) -> None: ...

class Stepper:
    """A stack with its packed weights, states and memory."""

    def __init__(self, rows: int, features: int, type: int, threads: int, int8: bool) -> None: ...
    def add_layer(self, call: Call, keeps: bool, adds: bool) -> None: ...
    def add_head(self, weight: int, bias: int, outputs: int) -> None: ...
    def finish(self) -> None: ...
    def another(self, rows: int, threads: int) -> Stepper: ...
    def step(self, x: npt.NDArray[Any], y: npt.NDArray[Any]) -> int: ...
    def step_rows(self, rows: npt.NDArray[np.int64], x: npt.NDArray[Any], y: npt.NDArray[Any]) -> int: ...
    def state(self, layer: int, s: int) -> npt.NDArray[Any] | None: ...

class Linear:
    """y = V x + b with a matrix in 8 bits; addresses of float32."""

    def __init__(self, weight: int, bias: int, outputs: int, features: int) -> None: ...
    def multiply(self, x: npt.NDArray[np.float32], y: npt.NDArray[np.float32], threads: int) -> bool: ...

def forward(call: Call) -> None: ...
def backward(call: Call) -> None: ...
def best(scores: npt.NDArray[np.float32], found: npt.NDArray[np.int64]) -> int: ...
def best_rows(scores: npt.NDArray[np.float32], found: npt.NDArray[np.int64]) -> bool: ...
def log_sums(x: npt.NDArray[np.float32], sums: npt.NDArray[np.float32]) -> bool: ...
def cross_entropy(
    logits: int,
    type: int,
    bias: int,
    targets: int,
    rows: int,
    classes: int,
    kept: float,
    spread: float,
    scale: float,
    d_bias: int,
    threads: int,
) -> float: ...
def multiply(
    a: int,
    a_row: int,
    a_column: int,
    b: int,
    b_row: int,
    b_column: int,
    c: int,
    stride: int,
    wide: bool,
    adds: bool,
    rows: int,
    columns: int,
    depth: int,
    threads: int,
) -> bool: ...
def supported_builds() -> list[str]: ...
def chosen_build() -> str: ...
def choose_build(name: str) -> bool: ...
