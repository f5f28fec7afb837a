"""What a recurrent layer asks of its input, its states and its lengths, and what it says otherwise."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence

from recurra.errors import ShapeError
from recurra.kernels.contract import Layout
from recurra.nn.contract import Layer, Lengths


def check_input(layer: Layer, x: Tensor, weight: Tensor, converted: bool) -> None:
    """Dtype, device and features of `x` [..., F]; `converted`: autocast will change the dtype."""
    if x.dtype != weight.dtype and not converted:
        raise ShapeError(
            f"input has dtype {x.dtype}, and the weights have {weight.dtype}: expected the same. "
            f"Convert the input, input.to({weight.dtype}), or the layer, layer.to({x.dtype})"
        )
    if x.device != weight.device:
        raise ShapeError(
            f"input is on {x.device}, and the weights are on {weight.device}: expected the same device. "
            f"Move the input, input.to({str(weight.device)!r}), or the layer, layer.to({str(x.device)!r})"
        )
    if x.shape[-1] != layer.input_size:
        raise ShapeError(
            f"input has {x.shape[-1]} features, in shape {tuple(x.shape)}: expected input_size, {layer.input_size}, "
            "as its last dimension"
        )


def check_state(layer: Layer, states: tuple[Tensor, ...], x: Tensor, batch: int, converted: bool) -> None:
    """`states`: h [L*D, B, R], and what else the cell carries [L*D, B, H], for input `x`; `converted` as there."""
    directed = layer.num_layers * (2 if layer.bidirectional else 1)
    for i, state in enumerate(states):
        name = "hx" if len(states) == 1 else f"hx[{i}]"
        width = layer.proj_size if layer.proj_size and i == 0 else layer.hidden_size
        if state.shape != (directed, batch, width):
            raise ShapeError(
                f"{name} has shape {tuple(state.shape)}: expected ({directed}, {batch}, {width}), which is layers "
                f"times directions, batch and {'proj_size' if width != layer.hidden_size else 'hidden_size'}"
            )
        if state.dtype != x.dtype and not converted:
            raise ShapeError(
                f"{name} has dtype {state.dtype}, and the input has {x.dtype}: expected the same. "
                f"Convert it: {name}.to({x.dtype})"
            )
        if state.device != x.device:
            raise ShapeError(
                f"{name} is on {state.device}, and the input is on {x.device}: expected the same device. "
                f"Move it: {name}.to({str(x.device)!r})"
            )


def as_states(layer: Layer, hx: Tensor | Sequence[Tensor]) -> tuple[Tensor, ...]:
    """What the caller gave as `hx`, as a tuple with a tensor for each state of the cell."""
    names = [state.name for state in layer.cell.states]
    if len(names) == 1:
        if not isinstance(hx, Tensor):
            raise ShapeError(f"hx is of type {type(hx).__name__}: expected one tensor, {names[0]}")
        return (hx,)
    if isinstance(hx, Tensor) or len(hx) != len(names):
        given = "one tensor" if isinstance(hx, Tensor) else f"{len(hx)} tensors"
        several = "a pair of" if len(names) == 2 else str(len(names))
        raise ShapeError(f"hx is {given}: expected {several} tensors, ({', '.join(names)})")
    for i, state in enumerate(hx):
        if not isinstance(state, Tensor):
            raise ShapeError(f"hx[{i}] is of type {type(state).__name__}: expected a tensor")
    return tuple(hx)


def read_lengths(lengths: Lengths, steps: int, batch: int) -> Tensor | None:
    """int64 [B] on the CPU; None where no row ends before the last step."""
    given = lengths if isinstance(lengths, Tensor) else torch.as_tensor(lengths)
    if given.dim() != 1 or len(given) != batch:
        raise ShapeError(
            f"lengths has shape {tuple(given.shape)}: expected one length per row of the batch, ({batch},)"
        )
    if batch == 0:
        return None
    if given.is_floating_point() or given.is_complex() or given.dtype == torch.bool:
        raise ShapeError(f"lengths has dtype {given.dtype}: expected whole numbers, such as torch.int64")
    given = given.detach().to("cpu", torch.int64)
    if torch.compiler.is_compiling():  # values are not known yet: `kernels.operator` looks at them
        return given.contiguous()
    values = given.tolist()
    least, most = min(values), max(values)
    if least < 0 or most > steps:
        row = values.index(least if least < 0 else most)
        raise ShapeError(
            f"lengths[{row}] is {values[row]}: expected at least 0 and at most the number of steps of input, {steps}"
        )
    return None if least == steps else given.contiguous()


def read_packed(packed: PackedSequence) -> Layout:
    """The layout of a packed sequence."""
    if packed.batch_sizes.dtype != torch.int64 or packed.batch_sizes.dim() != 1 or not packed.batch_sizes.is_cpu:
        raise ShapeError(
            f"input.batch_sizes is {packed.batch_sizes.dtype} {tuple(packed.batch_sizes.shape)} on "
            f"{packed.batch_sizes.device}: expected torch.int64 in one dimension on the CPU. "
            "Make it by torch.nn.utils.rnn.pack_padded_sequence"
        )
    sizes = packed.batch_sizes.numpy()
    rows = len(packed.data)
    if packed.data.dim() != 2:
        raise ShapeError(
            f"input.data has {packed.data.dim()} dimensions: expected 2, all steps of all rows and their features"
        )
    if not len(sizes) or sizes[-1] < 1 or sizes[0] > rows or (sizes[1:] > sizes[:-1]).any() or sizes.sum() != rows:
        raise ShapeError(
            f"input.batch_sizes is {_short(sizes)}: expected positive numbers that never grow and add up to {rows}, "
            "the rows of input.data. Make it by torch.nn.utils.rnn.pack_padded_sequence"
        )
    batch = int(sizes[0])
    for name, order in (("sorted_indices", packed.sorted_indices), ("unsorted_indices", packed.unsorted_indices)):
        if order is not None and order.shape != (batch,):
            raise ShapeError(
                f"input.{name} has shape {tuple(order.shape)}: expected ({batch},), one row of the batch each. "
                "Make it by torch.nn.utils.rnn.pack_padded_sequence"
            )
    lengths = len(sizes) - np.searchsorted(sizes[::-1], np.arange(batch), side="right")
    return Layout(
        len(sizes),
        batch,
        lengths=torch.from_numpy(lengths.astype(np.int64, copy=False)),
        offsets=torch.from_numpy(np.cumsum(sizes) - sizes),
    )


def _short(numbers: np.ndarray) -> str:
    shown = ", ".join(map(str, numbers[:5].tolist()))
    return f"[{shown}, ...]" if len(numbers) > 5 else f"[{shown}]"
