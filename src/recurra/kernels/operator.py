"""The recurrence as one operator that `torch.compile` and `torch.export` can put into a graph: `recurra::recurrence`.

Only a graph uses it: called directly, an operator costs more time than a small recurrence. The backend is chosen when
the graph runs, on real tensors. Its gradient is the operator `recurra::recurrence_backward`, which runs forward again.

Both take, in this order, the tensors that may ask for a gradient (x, input_weight, input_bias, h, c, and those of
`Weights`), those that never do (lengths, offsets, and the three of `Noise`), and what is not a tensor.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from recurra.cells import GRU, LSTM, RNN, Cell, Weights
from recurra.kernels import chooser
from recurra.kernels.contract import SILENCE, Layout, Noise, Recurrence

CELLS: dict[str, Cell] = {
    "tanh": RNN(), "relu": RNN("relu"), "lstm": LSTM(), "gru": GRU(), "gru_reset_before": GRU(reset_after=False),
}  # fmt: skip
DIFFERENTIABLE = 12  # the first arguments
TENSORS = DIFFERENTIABLE + 5

_ARGUMENTS = (
    "Tensor x, Tensor? input_weight, Tensor? input_bias, Tensor? h, Tensor? c, Tensor recurrent, Tensor? bias, "
    "Tensor? projection, Tensor? peephole, Tensor? norm, Tensor? norm_cell, Tensor? norm_input, "
    "Tensor? lengths, Tensor? offsets, Tensor? dropout, Tensor? zoneout_h, Tensor? zoneout_c, "
    "str cell, bool reverse, float rate_h, float rate_c, SymInt steps, SymInt batch, bool batch_first"
)


def run(
    recurrence: Recurrence,
    x: Tensor,
    input_weight: Tensor | None,
    input_bias: Tensor | None,
    state: tuple[Tensor, ...] | None,
    weights: Weights,
    layout: Layout,
    noise: Noise = SILENCE,
) -> tuple[Tensor, tuple[Tensor, ...]]:
    """All steps of one layer and direction as one node of a graph; shapes and meaning as in `kernels.contract`."""
    h, c = (*(state or ()), None, None)[:2]
    outputs, last_h, last_c = torch.ops.recurra.recurrence(
        x, input_weight, input_bias, h, c, *weights, layout.lengths, layout.offsets, *noise, _name(recurrence.cell),
        recurrence.reverse, *recurrence.zoneout, layout.steps, layout.batch, layout.batch_first,
    )  # fmt: skip
    return outputs, (last_h, last_c) if recurrence.cell.STATES == 2 else (last_h,)


def _name(cell: Cell) -> str:
    if isinstance(cell, RNN):
        return str(cell.nonlinearity)
    if isinstance(cell, GRU):
        return "gru" if cell.reset_after else "gru_reset_before"
    return "lstm"


def _ask(*arguments: Any) -> tuple[Any, ...]:
    """An operator's arguments in the form of `kernels.contract`."""
    x, input_weight, input_bias, h, c = arguments[:5]
    lengths, offsets, *noise = arguments[DIFFERENTIABLE:TENSORS]
    cell, reverse, rate_h, rate_c, steps, batch, batch_first = arguments[TENSORS:]
    return (
        Recurrence(CELLS[cell], reverse, (rate_h, rate_c)), x, input_weight, input_bias,
        None if h is None else (h,) if c is None else (h, c), Weights(*arguments[5:DIFFERENTIABLE]),
        Layout(steps, batch, batch_first, lengths, offsets), Noise(*noise),
    )  # fmt: skip


def _forward(*arguments: Any) -> tuple[Tensor, Tensor, Tensor]:
    outputs, last = chooser.run(*_ask(*arguments))
    start = arguments[3:5]
    # an operator must not give back what it was given, as a recurrence without steps does
    last = tuple(new.clone() if new is old else new for new, old in zip(last, start, strict=False))
    return outputs, last[0], last[1] if len(last) == 2 else outputs.new_empty(0)


def _forward_shapes(*arguments: Any) -> tuple[Tensor, Tensor, Tensor]:
    x, recurrent, cell, batch = arguments[0], arguments[5], CELLS[arguments[TENSORS]], arguments[TENSORS + 5]
    gates, width = recurrent.shape
    last_c = x.new_empty(batch, gates // cell.GATES) if cell.STATES == 2 else x.new_empty(0)
    return x.new_empty(x.shape[0], width), x.new_empty(batch, width), last_c


def _backward(d_outputs: Tensor, d_h: Tensor, d_c: Tensor, needed: list[bool], *arguments: Any) -> list[Tensor]:
    leaves = [
        argument.detach().requires_grad_(need) if isinstance(argument, Tensor) else None
        for argument, need in zip(arguments, needed, strict=False)
    ]
    with _recording():
        outputs, last = chooser.run(*_ask(*leaves, *arguments[DIFFERENTIABLE:]))
        wanted = [leaf for leaf, need in zip(leaves, needed, strict=True) if need and leaf is not None]
        gradients = torch.autograd.grad(
            [outputs, *last], wanted, [d_outputs, d_h, d_c][: 1 + len(last)], materialize_grads=True
        )
    # two arguments may have one gradient, such as both biases, and an operator must not give back the same one twice
    seen = {d_outputs.data_ptr(), d_h.data_ptr(), d_c.data_ptr()}
    apart = []
    for gradient in gradients:
        own = gradient.clone() if gradient.data_ptr() in seen else gradient.contiguous()
        seen.add(own.data_ptr())
        apart.append(own)
    return apart


def _backward_shapes(d_outputs: Tensor, d_h: Tensor, d_c: Tensor, needed: list[bool], *arguments: Any) -> list[Tensor]:
    return [argument.new_empty(argument.shape) for argument, need in zip(arguments, needed, strict=False) if need]


@contextlib.contextmanager
def _recording() -> Iterator[None]:
    """Let autograd record: inside an operator torch keeps it out, whether gradients are enabled or not."""
    excluded = torch._C._dispatch_tls_local_exclude_set().remove(torch._C.DispatchKey.AutogradFunctionality)
    included = torch._C._dispatch_tls_local_include_set()
    with torch._C._ForceDispatchKeyGuard(included, excluded), torch.enable_grad():
        yield


def _keep(ctx: Any, inputs: tuple[Any, ...], output: tuple[Tensor, ...]) -> None:
    ctx.save_for_backward(*inputs[:TENSORS])
    ctx.rest = inputs[TENSORS:]


def _differentiate(ctx: Any, d_outputs: Tensor, d_h: Tensor, d_c: Tensor) -> tuple[Tensor | None, ...]:
    saved = ctx.saved_tensors
    needed = list(ctx.needs_input_grad[:DIFFERENTIABLE])
    found = iter(torch.ops.recurra.recurrence_backward(d_outputs, d_h, d_c, needed, *saved, *ctx.rest))
    gradients = [next(found) if need else None for need in needed]
    return *gradients, *[None] * (len(saved) - DIFFERENTIABLE + len(ctx.rest))


_operator = torch.library.custom_op(
    "recurra::recurrence", _forward, mutates_args=(), schema=f"({_ARGUMENTS}) -> (Tensor, Tensor, Tensor)"
)
_operator.register_fake(_forward_shapes)
_operator.register_autograd(_differentiate, setup_context=_keep)
_gradient = torch.library.custom_op(
    "recurra::recurrence_backward",
    _backward,
    mutates_args=(),
    schema=f"(Tensor d_outputs, Tensor d_h, Tensor d_c, bool[] needed, {_ARGUMENTS}) -> Tensor[]",
)
_gradient.register_fake(_backward_shapes)
chooser.KERNELS["operator"] = run
