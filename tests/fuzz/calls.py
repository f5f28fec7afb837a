"""Calls of recurrent layers at random, right ones and wrong ones."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Any

import torch
from tests.fuzz.wrong import WRONG
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

import recurra as rc
from recurra.nn import Regularisation

DTYPES = (torch.float32, torch.float32, torch.float64, torch.bfloat16, torch.float16)


@dataclass
class Call:
    """A layer and what it is called with; `wrong` names what was made wrong on purpose, if anything."""

    layer: Any
    input: Any
    hx: Any
    lengths: Any
    wrong: str

    def __call__(self) -> list[Tensor]:
        """Every tensor of the result."""
        if self.lengths is None:
            outputs, last = self.layer(self.input, self.hx)
        else:
            outputs, last = self.layer(self.input, self.hx, lengths=self.lengths)
        outputs = outputs.data if isinstance(outputs, PackedSequence) else outputs
        return [outputs, *(last if isinstance(last, tuple) else (last,))]

    def __str__(self) -> str:
        def shown(value: Any) -> str:
            if isinstance(value, Tensor):
                return f"{tuple(value.shape)} {value.dtype} {value.device}"
            if isinstance(value, PackedSequence):
                return f"packed {shown(value.data)} {value.batch_sizes.tolist()[:9]} {value.sorted_indices}"
            return f"({', '.join(map(shown, value))})" if isinstance(value, tuple) else repr(value)

        parts = [f"{self.layer}", self.wrong or "right", *map(shown, (self.input, self.hx, self.lengths))]
        return "; ".join(parts)


def draw(random: Random) -> Call:
    """A call; about half of them are wrong."""
    torch.manual_seed(random.randrange(1 << 30))
    dtype = random.choice(DTYPES)
    layer = _layer(random, dtype)
    steps, batch = random.choice((1, 2, 3, 5, 17)), random.choice((1, 2, 3, 8, 9, 20))
    if random.random() < 0.05:
        steps, batch = random.choice(((0, batch), (steps, 0), (0, 0)))
    shape = (batch, steps) if layer.batch_first else (steps, batch)
    x = _values(random, torch.randn(*shape, layer.input_size)).to(dtype)
    x = _strides(random, x)
    call = Call(layer, x, None, None, "")
    form = random.choice(("padded", "padded", "lengths", "packed", "unbatched"))
    if form == "lengths":
        call.lengths = torch.randint(0, steps + 1, (batch,))
        call.lengths = call.lengths.tolist() if random.random() < 0.5 else call.lengths.to(random.choice(INTEGERS))
    elif form == "packed" and steps and batch:
        lengths = torch.randint(1, steps + 1, (batch,))
        call.input = pack_padded_sequence(x, lengths, layer.batch_first, enforce_sorted=False)
    elif form == "unbatched" and batch:
        call.input = x.select(0 if layer.batch_first else 1, 0)
    if random.random() < 0.5:
        call.hx = _states(random, layer, call.input, batch)
    if random.random() < 0.5:
        name = random.choice(list(WRONG))
        call.wrong = name if WRONG[name](random, call) is not False else ""
    return call


INTEGERS = (torch.int64, torch.int32, torch.int16, torch.uint8)


def _layer(random: Random, dtype: torch.dtype) -> Any:
    name, hidden = random.choice(("RNN", "GRU", "LSTM")), random.choice((1, 2, 3, 5, 8, 17, 33, 65))
    arguments: dict[str, Any] = dict(
        num_layers=random.choice((1, 1, 2)), bias=random.random() < 0.7, batch_first=random.random() < 0.4,
        bidirectional=random.random() < 0.3,
    )  # fmt: skip
    if name == "RNN":
        arguments["nonlinearity"] = random.choice(("tanh", "relu"))
    if name == "LSTM" and hidden > 1 and random.random() < 0.3:
        arguments["proj_size"] = random.randrange(1, hidden)
    if random.random() < 0.4:
        arguments["layer_norm"] = random.random() < 0.5
        if name == "LSTM":
            arguments["peepholes"] = random.random() < 0.5
        if name == "GRU":
            arguments["reset_after"] = arguments["layer_norm"]
        if random.random() < 0.5:
            arguments["regularisation"] = Regularisation(0.3, 0.2)
    return getattr(rc.nn, name)(random.choice((1, 2, 4, 19)), hidden, dtype=dtype, **arguments)


def _values(random: Random, x: Tensor) -> Tensor:
    if x.numel() and random.random() < 0.2:
        x.view(-1)[random.randrange(x.numel())] = random.choice((torch.nan, torch.inf, -torch.inf, 1e38, 1e-42))
    return x * 1e30 if random.random() < 0.05 else x


def _strides(random: Random, x: Tensor) -> Tensor:
    """The same values, in memory of another layout."""
    kind = random.random()
    if kind < 0.1:
        return torch.stack([x, x], -1)[..., 1]
    if kind < 0.2:
        return x.transpose(0, 1).contiguous().transpose(0, 1)
    if kind < 0.3:
        return x[:1].expand(x.shape) if len(x) else x
    if kind < 0.4:
        return torch.cat([x, x])[len(x) :] if len(x) else x
    return x


def _states(random: Random, layer: Any, x: Any, batch: int) -> Any:
    directed = layer.num_layers * (2 if layer.bidirectional else 1)
    rows = () if isinstance(x, Tensor) and x.dim() == 2 else (batch,)
    widths = (layer.proj_size or layer.hidden_size, layer.hidden_size)[: len(layer.cell.states)]
    found = tuple(_strides(random, torch.randn(directed, *rows, width).to(layer.weight_ih_l0)) for width in widths)
    return found if len(found) == 2 else found[0]
