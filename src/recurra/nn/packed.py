"""Layers with their weights packed for single steps, kept for the next stream: packing takes longer than many steps."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from weakref import WeakKeyDictionary

import torch
from torch import Tensor, nn

from recurra.errors import InputError, ShapeError
from recurra.kernels.contract import Call, call_of
from recurra.kernels.rounding import rounded_weights
from recurra.kernels.stepping import chosen, steps_of
from recurra.kernels.steps import Head, StackedCall, Steps
from recurra.nn.calls import layer_calls
from recurra.nn.contract import Layer
from recurra.nn.forward import refuse_steps
from recurra.nn.stream_file import fingerprint

MOST_KEPT = 64 << 20  # bytes of weights: larger ones are packed anew rather than kept beside the layers


class Packed:
    """A stack of layers and a head with weights of its own, which every stream made of it shares.

    calls  of each layer, its weights copied; with `int8` W and U rounded to 8 bits
    head   the same of the linear layer behind the last one, or None
    """

    def __init__(self, calls: Sequence[StackedCall], head: Head | None, *, int8: bool = False) -> None:
        self.calls = tuple(each._replace(call=_copied(each, int8)) for each in calls)
        self.head = None if head is None else Head(*(None if t is None else t.clone() for t in head))  # type: ignore[arg-type]
        if int8 and self.head is not None:
            self.head = self.head._replace(weight=rounded_weights(self.head.weight))
        self._chosen = chosen(self.calls)
        self._steps = steps_of(self.calls, self.head, 1, 1, int8=int8)

    def steps(self, rows: int, threads: int) -> Steps:
        """So many rows that begin anew."""
        return self._steps.another(rows, threads)

    @cached_property
    def fingerprint(self) -> str:
        """What says that the state of a stream belongs to these weights."""
        return fingerprint(self.calls, self.head)

    def holds(self, calls: Sequence[StackedCall], head: Head | None) -> bool:
        """Whether these are the same layers with the same numbers, computed by the same kernel."""
        if len(calls) != len(self.calls) or (head is None) != (self.head is None):
            return False
        for one, other in zip(self.calls, calls, strict=True):
            if one[1:] != other[1:] or one.call.frame() != other.call.frame():
                return False
        pairs = zip(_tensors(self.calls, self.head), _tensors(calls, head), strict=True)
        return self._chosen == chosen(tuple(calls)) and all(_same(*pair) for pair in pairs)


_latest: WeakKeyDictionary[Layer, Packed] = WeakKeyDictionary()  # by the first layer


def packed(layers: Sequence[tuple[Layer, bool]], head: nn.Linear | None, *, int8: bool = False) -> Packed:
    """The layers (and whether the input of each is added to its output) as they are now.

    What was packed last for the same first layer serves again where not a number has changed. Raises InputError for
    layers that cannot go on step by step, and for a head that does not fit.
    """
    calls: list[StackedCall] = []
    for layer, added in layers:
        refuse_steps(layer)
        found = [call for (call,) in layer_calls(layer, copied=False)]
        last = len(found) - 1
        calls += [StackedCall(call, added and at == 0, added and at == last) for at, call in enumerate(found)]
    behind = None if head is None else _head(head, layers[-1][0].width, calls[0].call.x)
    if int8:
        if (dtype := calls[0].call.x.dtype) is not torch.float32:
            raise InputError(f"int8 is True, but the weights are {dtype}: expected float32, of which they are rounded")
        return Packed(calls, behind, int8=True)
    first = layers[0][0]
    kept = _latest.get(first)
    if kept is not None and kept.holds(calls, behind):
        return kept
    made = Packed(calls, behind)
    if sum(t.nbytes for t in _tensors(calls, behind) if t is not None) <= MOST_KEPT:
        _latest[first] = made
    return made


def _copied(each: StackedCall, int8: bool) -> Call:
    tensors = [None if t is None else t.clone() for t in each.call.tensors()]
    call = call_of(each.call.frame(), tensors)
    if not int8:
        return call
    given, recurrent = (None if t is None else rounded_weights(t) for t in (call.input_weight, call.weights.recurrent))
    return call._replace(input_weight=given, weights=call.weights._replace(recurrent=recurrent))


def _tensors(calls: Sequence[StackedCall], head: Head | None) -> list[Tensor | None]:
    found = [tensor for each in calls for tensor in each.call.tensors()[1:]]
    return [*found, *(() if head is None else head)]


def _same(one: Tensor | None, other: Tensor | None) -> bool:
    if one is None or other is None:
        return one is other
    alike = one.dtype == other.dtype and one.device == other.device and one.shape == other.shape
    return alike and torch.equal(one, other)


def _head(head: nn.Linear, width: int, like: Tensor) -> Head:
    if not isinstance(head, nn.Linear):
        raise InputError(
            f"head is of type {type(head).__name__}: expected a torch.nn.Linear behind the last layer, or None"
        )
    weight, bias = head.weight, head.bias
    if head.in_features != width:
        raise ShapeError(f"head takes {head.in_features} features: expected {width}, those of the last layer's outputs")
    if weight.dtype != like.dtype or weight.device != like.device:
        raise ShapeError(
            f"head is {weight.dtype} on {weight.device}: expected {like.dtype} on {like.device}, as the layers are"
        )
    return Head(weight.detach(), None if bias is None else bias.detach())
