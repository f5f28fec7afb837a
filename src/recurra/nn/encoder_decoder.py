"""A sequence out of another one: an encoder, attention, a decoder, and tokens out of a vocabulary.

The recurrent one has its attention between two layers of the decoder (as the bottom layer's in Wu et al. 2016, without
feeding the context back), so that in training each layer runs over the whole target in one call of its kernel:

    m = W [encoder forward, encoder backward]                    [B, S, D]
    u_t = E[y_{t-1}] + V mean_s m_s
    h_t = R1(u_t, h_{t-1}),  c_t = attention(h_t, m),  g_t = R2([h_t, c_t], g_{t-1})
    z_t = E W_o [g_t, c_t] + b                                   tied: Press and Wolf (2017)

What stands between the embeddings is the core; `nn.transformer` has another one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, Self

import torch
from torch import Tensor, nn
from torch.nn import functional

from recurra.errors import InputError
from recurra.kernels import chooser
from recurra.nn.attention import Attention, Form
from recurra.nn.cell_layer import TRANSFORMER, layer_of, options_of
from recurra.nn.front_ends import step_mask
from recurra.nn.look_up import look_up
from recurra.nn.network import Network
from recurra.nn.packed import Packed, packed
from recurra.nn.projected_loss import ProjectedLoss
from recurra.nn.regularisation import Regularisation
from recurra.nn.stream import Stream
from recurra.nn.transposed import Transposed

_SIZE = 0.5  # the standard deviation of an embedding that a recurrence reads; 0.1 learns three times as slowly


@dataclass(frozen=True)
class EncoderDecoderOptions:
    """Sizes and regularisation.

    hidden             units of each direction of the encoder; the decoder has twice as many
    layers             of the encoder, and of a Transformer's encoder and decoder each
    heads              of the attention
    dropout            of embeddings and of what layers give on, the same features at every step of a row
    recurrent_dropout  see `Regularisation`
    word_dropout       the share of the decoder's input tokens that are hidden from it in training
    smoothing          of the labels
    """

    embedding: int = 256
    hidden: int = 256
    layers: int = 1
    heads: int = 1
    attention: Form = "multiplicative"
    dropout: float = 0.3
    recurrent_dropout: float = 0.2
    word_dropout: float = 0.1
    smoothing: float = 0.1

    def __post_init__(self) -> None:
        for name in ("embedding", "hidden", "layers", "heads"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise InputError(f"{name} is {value!r}: expected a whole number of at least 1")
        for name in ("dropout", "recurrent_dropout", "word_dropout", "smoothing"):
            value = getattr(self, name)
            if not 0 <= value < 1:
                raise InputError(f"{name} is {value!r}: expected a share from 0 to below 1")
            object.__setattr__(self, name, float(value))
        if self.attention not in ("multiplicative", "additive"):
            raise InputError(f"attention is {self.attention!r}: expected multiplicative or additive")


@dataclass(frozen=True, eq=False)
class Memory:
    """What an encoder has read of B rows: `values` [B, S, D], and which of their steps are `there` [B, S]."""

    values: Tensor
    there: Tensor

    def take(self, rows: Tensor) -> Memory:
        """Some of the rows."""
        return Memory(self.values[rows], self.there[rows])


class Steps(Protocol):
    """A core that decodes step by step: R rows, of which `width` in a row read the same source."""

    def step(self, x: Tensor) -> Tensor:
        """Embedded tokens [R, E] -> features [R, E]."""
        ...

    def take(self, rows: Tensor, width: int) -> None:
        """Go on with these rows of the present ones [R'], `width` of each source."""
        ...


class Core(Protocol):
    """What stands between the embeddings: all of E features in, E features out."""

    def encode(self, x: Tensor, lengths: Tensor) -> Memory:
        """x [S, B, E] -> memory."""
        ...

    def decode(self, y: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """Embedded tokens [T, B, E], each read before the next is told -> features [T, B, E], shares [B, T, S]."""
        ...

    def steps(self, memory: Memory, width: int, *, int8: bool) -> Steps:
        """The same a step at a time; a source will have up to `width` rows, and begins with one.

        `int8`: with weights of 8 bits, where the core has steps with such ones.
        """
        ...


class Decoding:
    """The state of a network that decodes: rows, `width` of each source, go on together."""

    def __init__(self, network: EncoderDecoder, memory: Memory, width: int = 1, *, int8: bool = False) -> None:
        self._network, self._steps = network, network.core.steps(memory, width, int8=int8)
        self.rows, self.int8 = len(memory.values), int8

    def step(self, tokens: Tensor) -> Tensor:
        """The last tokens [R] -> logits [R, V] of the next, in memory of their own."""
        return self._network.step(tokens, self)[0]

    def take(self, rows: Tensor, width: int) -> Self:
        """Go on with some rows [R'], of each source `width` one after the other: what a beam search asks for."""
        self._steps.take(rows, width)
        self.rows = len(rows)
        return self

    def features(self, x: Tensor) -> Tensor:
        """Embedded tokens [R, E] -> features [R, E]."""
        return self._steps.step(x)


class EncoderDecoder(Network):
    """Source tokens [S, B] (or, with a `front` of one's own, whatever it reads) -> target tokens.

    sources  the source's vocabulary, None where it is the target's, whose table then serves both
    targets  the target's vocabulary V
    cell     of a recurrent core, or "transformer"
    front    a module (inputs, lengths) -> (features [S, B, width], lengths) in place of the source's embedding

    >>> network = EncoderDecoder(None, 9, "gru", EncoderDecoderOptions(embedding=4, hidden=3)).eval()
    >>> source, lengths = torch.tensor([[3, 4], [5, 0]]), torch.tensor([2, 1])
    >>> memory = network.encode(source, lengths)
    >>> logits, state = network.step(torch.tensor([1, 1]), network.start(memory))
    >>> whole = network.logits(network.read_out(torch.tensor([[1, 1]]), memory)[0])[0]
    >>> bool((logits - whole).abs().max() < 1e-5)
    True
    """

    def __init__(
        self,
        sources: int | None,
        targets: int,
        cell: str,
        options: EncoderDecoderOptions | None = None,
        *,
        front: nn.Module | None = None,
    ) -> None:
        super().__init__()
        self.options = options = options or EncoderDecoderOptions()
        width = options.embedding
        size = width**-0.5 if cell == TRANSFORMER else _SIZE
        self.table = nn.Parameter(nn.init.normal_(torch.empty(targets, width), std=size))
        self.source_table = (
            None
            if sources is None or front is not None
            else nn.Parameter(nn.init.normal_(torch.empty(sources, width), std=size))
        )
        self.front = front
        self.enter = nn.Linear(int(front.width), width) if front is not None else None  # pyright: ignore[reportArgumentType]
        if cell == TRANSFORMER:
            from recurra.nn.transformer import TransformerCore

            self.core: Any = TransformerCore(options)
        else:
            self.core = RecurrentCore(cell, options)
        self.output = ProjectedLoss(targets, options.smoothing)
        self._across = Transposed()

    def encode(self, source: Tensor, lengths: Tensor) -> Memory:
        """Read the source; `lengths` [B] of at least 1."""
        if self.front is not None:
            assert self.enter is not None
            x, lengths = self.front(source, lengths)
            return self._encode(self.enter(x), lengths)
        table = self.table if self.source_table is None else self.source_table
        return self._encode(functional.embedding(source, table), lengths)

    def read_out(self, tokens: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """Tokens [T, B], which begin with that of the beginning -> features [T, B, E], shares [B, T, S]."""
        return self._read_out(functional.embedding(tokens, self.table), memory)

    def forward(self, source: Tensor, lengths: Tensor, tokens: Tensor, targets: Tensor) -> Tensor:
        """The mean loss of `targets` [T, B] (-1: none), each of which follows a token of `tokens` [T, B]."""
        if self.front is None and self.source_table is None:
            x, y, table = look_up(self.table, source, tokens)
            memory = self._encode(x, lengths)
        else:
            y, table = look_up(self.table, tokens)
            memory = self.encode(source, lengths)
        return self.output(self._read_out(y, memory)[0], table, targets)

    def _encode(self, x: Tensor, lengths: Tensor) -> Memory:
        return self.core.encode(locked(x, self.options.dropout, self.training), lengths)

    def _read_out(self, y: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        if self.training and self.options.word_dropout:
            y = y * (torch.rand(y.shape[:2], device=y.device) >= self.options.word_dropout).unsqueeze(-1)
        y = locked(y, self.options.dropout, self.training)
        features, shares = self.core.decode(y, memory)
        return locked(features, self.options.dropout, self.training), shares

    def logits(self, features: Tensor) -> Tensor:
        """Features [..., E] -> logits [..., V]."""
        return self.output.logits(features, self.table)

    @torch.no_grad()
    def start(self, memory: Memory, width: int = 1, *, int8: bool = False) -> Decoding:
        """The state before the first step; room is made for `width` rows of each source.

        int8  steps with weights of 8 bits, a scale for each output: of the decoder's recurrent layers, what stands
              between them, and the output table. Results differ by the rounding alone, the same on every machine

        Raises InputError for a network in training, and for weights that are not float32 with `int8`.
        """
        if self.training:
            raise InputError("this network is in training mode, and draws what it drops: call eval() first")
        if int8 and self.table.dtype is not torch.float32:
            raise InputError(f"int8 is True, but the weights are {self.table.dtype}: expected float32")
        return Decoding(self, memory, width, int8=int8)

    @torch.no_grad()
    def step(self, tokens: Tensor, state: Decoding) -> tuple[Tensor, Decoding]:
        """The last tokens [R] -> logits [R, V] of the next, and the state after them, which replaces `state`.

        There is no gradient: a whole sequence is learnt by `forward`.
        """
        features = state.features(functional.embedding(tokens, self.table))
        return self._across.linear("table", features, self.table, self.output.bias, int8=state.int8), state

    def train(self, mode: bool = True) -> Self:
        """As torch has it; what steps are ready with is made anew."""
        self._across.forget()
        return super().train(mode)


class RecurrentCore(nn.Module):
    """Encoder of two directions, decoder of two layers with the attention between them."""

    def __init__(self, cell: str, options: EncoderDecoderOptions) -> None:
        super().__init__()
        width, units = options.embedding, 2 * options.hidden
        make = layer_of(cell)
        rate = options.recurrent_dropout if "recurrent_dropout" in options_of(cell) else 0.0
        own: dict[str, Any] = {"regularisation": Regularisation(recurrent_dropout=rate)} if rate else {}
        between = options.dropout if options.layers > 1 else 0.0
        self.encoder = make(
            width, options.hidden, num_layers=options.layers, bidirectional=True, dropout=between, **own
        )
        self.join = nn.Linear(units, units)
        self.gist = nn.Linear(units, width, bias=False)
        self.lower, self.upper = make(width, units, **own), make(2 * units, units, **own)
        self.attention = Attention(units, units, heads=options.heads, form=options.attention)
        self.leave = nn.Linear(2 * units, width)
        self.rate = options.dropout
        for layer in (self.encoder, self.lower, self.upper):
            layer.open_gates()
        self._ready: dict[bool, tuple[list[Any], tuple[Packed, ...]]] = {}  # for steps with int8 or without
        self.across = Transposed()

    def encode(self, x: Tensor, lengths: Tensor) -> Memory:
        """See `Core`."""
        outputs, _ = self.encoder(_as_cast(x), lengths=lengths)
        there = step_mask(lengths, len(outputs)).T
        values = self.join(locked(outputs, self.rate, self.training)).transpose(0, 1)
        return Memory(values * there.unsqueeze(-1), there)

    def decode(self, y: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """See `Core`."""
        lower, _ = self.lower(_as_cast(y + self.gist_of(memory)))
        lower = locked(lower, self.rate, self.training)
        context, shares = self.attention(
            lower.transpose(0, 1), self.attention.keys(memory.values), memory.values, memory.there
        )
        context = context.transpose(0, 1).to(lower.dtype)
        upper, _ = self.upper(_as_cast(torch.cat([lower, context], dim=-1)))
        return self.leave(torch.cat([upper, context], dim=-1)), shares

    def gist_of(self, memory: Memory) -> Tensor:
        """The mean of what was read, as the decoder's input has it [B, E]."""
        return self.gist(memory.values.sum(1) / memory.there.sum(1, keepdim=True))

    def steps(self, memory: Memory, width: int, *, int8: bool) -> Steps:
        """See `Core`."""
        from recurra.nn.recurrent_steps import RecurrentSteps

        return RecurrentSteps(self, memory, width, int8=int8)

    def train(self, mode: bool = True) -> Self:
        """As torch has it; what steps are ready with is made anew, since training writes past version counters."""
        self._ready = {}
        self.across.forget()
        return super().train(mode)

    def streams(self, rows: int, *, int8: bool) -> list[Stream]:
        """The two layers of the decoder, so many rows each; their weights stay packed from one sentence to the next."""
        layers = self.lower, self.upper
        now = [chooser.forced(), *((id(p), p.data_ptr(), p._version) for layer in layers for p in layer.parameters())]
        ready = self._ready.get(int8)
        if ready is None or ready[0] != now:
            ready = self._ready[int8] = now, tuple(packed([(layer, False)], None, int8=int8) for layer in layers)
        return [
            Stream([(layer, False)], alone=True, batch=rows, head=None, threads=None, weights=weights)
            for layer, weights in zip(layers, ready[1], strict=True)
        ]

    def _apply(self, fn: Any, recurse: bool = True) -> Self:
        self._ready = {}
        return super()._apply(fn, recurse)

    def __getstate__(self) -> dict[str, Any]:
        return self.__dict__ | {"_ready": {}}


def locked(x: Tensor, rate: float, training: bool) -> Tensor:
    """x [T, B, E] without a share of its features, the same ones at every step of a row (Gal and Ghahramani 2016)."""
    return x * functional.dropout(torch.ones_like(x[0]), rate) if training and rate else x


def _as_cast(x: Tensor) -> Tensor:
    """x in the dtype of an active autocast, which a GRU leaves as its input has it: bfloat16 is what AMX multiplies."""
    device = x.device.type
    if not torch.is_autocast_enabled(device) or x.dtype == torch.float64:
        return x
    return x.to(torch.get_autocast_dtype(device))
