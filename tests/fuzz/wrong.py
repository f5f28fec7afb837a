"""What can be wrong about a call: each function makes one thing so, or says False where the call has no such thing."""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

if TYPE_CHECKING:
    from tests.fuzz.calls import Call

DTYPES = (
    torch.float32, torch.float64, torch.bfloat16, torch.float16, torch.int64, torch.complex64, torch.bool
)  # fmt: skip


def _shape(random: Random, call: Call) -> bool | None:
    if isinstance(call.input, PackedSequence):
        return False
    x = call.input
    features = x.shape[-1] + random.choice((-1, 1, 7))
    call.input = random.choice((
        lambda: x.unsqueeze(0).unsqueeze(0), lambda: x.reshape(-1), lambda: x.new_zeros(()),
        lambda: x.new_zeros(*x.shape[:-1], features), lambda: x[..., :0],
    ))()  # fmt: skip
    return None


def _dtype(random: Random, call: Call) -> bool | None:
    others = [d for d in DTYPES if d != call.layer.weight_ih_l0.dtype]
    kind = random.choice(others)
    x = call.input
    call.input = x._replace(data=x.data.to(kind)) if isinstance(x, PackedSequence) else x.to(kind)
    return None


def _device(random: Random, call: Call) -> bool | None:
    x = call.input
    call.input = x._replace(data=x.data.to("meta")) if isinstance(x, PackedSequence) else x.to("meta")
    return None


def _kind(random: Random, call: Call) -> bool | None:
    call.input = random.choice((None, 3, "text", [[1.0]], torch.zeros(3, 3).to_sparse(), object()))
    return None


def _state(random: Random, call: Call) -> bool | None:
    if call.hx is None:
        return False
    states = list(call.hx) if isinstance(call.hx, tuple) else [call.hx]
    wide = len(states) == 2
    at = random.randrange(len(states))
    s = states[at]
    states[at] = random.choice((
        lambda: s[:-1], lambda: s[..., :-1], lambda: torch.cat([s, s], -1), lambda: torch.cat([s, s], 0),
        lambda: s.unsqueeze(0), lambda: s.to(torch.int64), lambda: s.to(_other(s)),
        lambda: s.to("meta"), lambda: None, lambda: "text", lambda: torch.cat([s, s], 1) if s.dim() == 3 else s[0],
    ))()  # fmt: skip
    if random.random() < 0.4:
        call.hx = random.choice((tuple(states), states, states[0], tuple(states) * 2, ()))
    else:
        call.hx = tuple(states) if wide else states[0]
    return None


def _lengths(random: Random, call: Call) -> bool | None:
    if call.lengths is None:
        meta = torch.zeros(2, device="meta")
        call.lengths = random.choice(([1], torch.tensor([1, 2, 3]), "text", 3, [[1]], [None], meta))
        return None
    given = torch.as_tensor(call.lengths).long()
    if not len(given):
        return False
    given[random.randrange(len(given))] = random.choice((-1, 18, 1000, 2**31, 2**62, -(2**62)))
    call.lengths = random.choice((
        given, given.tolist(), given[:-1], torch.cat([given, given]), given.unsqueeze(0), given.double(), given > 1,
        given.clamp(0, 1).float(), given.to("meta"), [*given.tolist()[:-1], 0.5], [*given.tolist()[:-1], None],
    ))  # fmt: skip
    return None


def _packed(random: Random, call: Call) -> bool | None:
    if not isinstance(call.input, PackedSequence):
        return False
    data, sizes, order, back = call.input
    if order is None or back is None:
        return False
    batch = int(sizes[0])
    wild = torch.tensor([random.choice((-1, batch, 2**40)) for _ in range(batch)])
    call.input = random.choice((
        lambda: PackedSequence(data, sizes.flip(0), order, back),
        lambda: PackedSequence(data, sizes + 1, order, back),
        lambda: PackedSequence(data, sizes * 2**40, order, back),
        lambda: PackedSequence(data, -sizes, order, back),
        lambda: PackedSequence(data, torch.cat([sizes, torch.zeros(2, dtype=torch.int64)]), order, back),
        lambda: PackedSequence(data, sizes[:0], order, back),
        lambda: PackedSequence(data, torch.tensor([len(data) - 1, 1]), order, back),
        lambda: PackedSequence(data, torch.tensor([2**62, 2**62, 2**62, 2**62, len(data)]), order, back),
        lambda: PackedSequence(data, sizes.double(), order, back),
        lambda: PackedSequence(data, sizes.int(), order, back),
        lambda: PackedSequence(data, sizes.unsqueeze(0), order, back),
        lambda: PackedSequence(data[:-1], sizes, order, back),
        lambda: PackedSequence(data[:, :-1], sizes, order, back),
        lambda: PackedSequence(data.unsqueeze(0), sizes, order, back),
        lambda: PackedSequence(data, sizes, wild, wild),
        lambda: PackedSequence(data, sizes, order[:-1], back[:-1]),
        lambda: PackedSequence(data, sizes, torch.cat([order, order]), torch.cat([back, back])),
    ))()  # fmt: skip
    return None


def _weight(random: Random, call: Call) -> bool | None:
    layer = call.layer
    if layer.weight_ih_l0.dtype == torch.float16:  # runs by torch's own code, which may write out of bounds then
        return False
    name = random.choice([name for name, _ in layer.named_parameters()])
    weight = getattr(layer, name).detach()
    changed = random.choice((
        lambda: weight[:-1], lambda: weight[..., :-1], lambda: torch.cat([weight, weight]), lambda: weight.unsqueeze(0),
        lambda: weight.flatten()[:1], lambda: weight.to(_other(weight)), lambda: weight.to("meta"),
    ))  # fmt: skip
    setattr(layer, name, nn.Parameter(changed()))
    return None


def _other(tensor: Tensor) -> torch.dtype:
    return torch.float32 if tensor.dtype == torch.float64 else torch.float64


WRONG: dict[str, Callable[[Random, Call], bool | None]] = {
    "shape": _shape, "dtype": _dtype, "device": _device, "kind": _kind, "state": _state, "lengths": _lengths,
    "packed": _packed, "weight": _weight,
}  # fmt: skip
