"""The network that makes sequences of symbols: each from all that came before.

    x_t = E[s_t]                                      a row per symbol, some of them dropped for a whole window
    h_t = layer_n(... layer_1(x)_t)                   recurrent layers, each with a state that goes on for ever
    p(s_{t+1}) = softmax(V h_t + b)                   V = E where both are equally wide and `tied`

Regularised as in Merity et al. (2018), "Regularizing and optimizing LSTM language models": weights of U dropped,
the same features dropped at all steps of a window (Gal and Ghahramani 2016), rows of E dropped, and in the loss the
squares of h (AR) and of its changes (TAR). Tying: Press and Wolf (2017), "Using the output embedding to improve
language models".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, NamedTuple

from torch import Tensor, nn
from torch.nn import functional

from recurra.errors import InputError
from recurra.language import _
from recurra.nn.cell_layer import TRANSFORMER, endless_layer_of
from recurra.nn.network import Network
from recurra.nn.regularisation import Regularisation
from recurra.nn.sizes import check_shares, check_whole
from recurra.nn.stack import Stack
from recurra.nn.stream import Stream
from recurra.nn.transformer_layer import TransformerLayer
from recurra.nn.transformer_stream import TransformerStream


@dataclass(frozen=True)
class GeneratorOptions:
    """Widths of the network, and noise in its training.

    hidden              units in each of the `layers`; the last is as wide as the embedding where they are tied
    embedding           features per symbol
    tied                whether the output layer's weights are those of the embedding
    dropout             the share of features dropped between the layers and before the output
    input_dropout       that of the features of the symbols read
    embedding_dropout   the share of symbols read as nothing, wherever they stand in a window
    weight_drop         the share of the weights in U that are dropped
    activation          how much the squares of h count in the loss (AR), and `slowness` those of its changes (TAR)
    """

    hidden: int = 512
    layers: int = 2
    embedding: int = 64
    tied: bool = False
    dropout: float = 0.3
    input_dropout: float = 0.0
    embedding_dropout: float = 0.0
    weight_drop: float = 0.2
    activation: float = 0.0
    slowness: float = 0.0

    def __post_init__(self) -> None:
        check_whole(self, hidden=1, layers=1, embedding=1)
        check_shares(self, "dropout", "input_dropout", "embedding_dropout", "weight_drop")
        for name in ("activation", "slowness"):
            value = getattr(self, name)
            if not isinstance(value, Real) or not float(value) >= 0:
                raise InputError(_("{name} is {value!r}: expected a number of at least 0", name=name, value=value))
            object.__setattr__(self, name, float(value))

    @property
    def widths(self) -> list[int]:
        """Of the layers."""
        last = self.embedding if self.tied else self.hidden
        return [self.hidden] * (self.layers - 1) + [last]


class Read(NamedTuple):
    """What the network makes of T steps: `hidden` [T, B, H] before the output layer, as it is and with some of its
    features `dropped`, and the last state, flat."""

    hidden: Tensor
    dropped: Tensor
    state: tuple[Tensor, ...]


class GeneratorNetwork(Network):
    """Symbols [T, B] below `size` and a state -> logits [T, B, size] of the next symbol, and the next state.

    A state is a flat tuple of [1, B, H]: those of the first layer, then those of the second; that of a Transformer is
    its keys and values. `step` gives for one
    symbol what `forward` does for a sequence, and `stream` is the same as one call into the engine.

    >>> import torch
    >>> network = GeneratorNetwork(5, "lstm", GeneratorOptions(hidden=8, embedding=4)).eval()
    >>> logits, state = network(torch.tensor([[0], [1], [2]]))
    >>> logits.shape, len(state)
    (torch.Size([3, 1, 5]), 4)
    """

    def __init__(self, size: int, cell: str, options: GeneratorOptions) -> None:
        super().__init__()
        self.size, self.options = size, options
        self.embedding = nn.Embedding(size, options.embedding)
        drop = Regularisation(weight_drop=options.weight_drop) if options.weight_drop else None
        make, widths = endless_layer_of(cell), options.widths
        if cell == TRANSFORMER:
            whole = make(options.embedding, widths[-1], options.layers, dropout=options.dropout, regularisation=drop)
            self.layers = nn.ModuleList([whole])
        else:
            self.layers = nn.ModuleList(
                make(before, width, regularisation=drop)
                for before, width in zip([options.embedding, *widths], widths, strict=False)
            )
        for layer in self.layers:
            layer.open_gates()  # pyright: ignore[reportCallIssue]
        self.output = nn.Linear(widths[-1], size)
        nn.init.zeros_(self.output.bias)
        nn.init.normal_(self.embedding.weight, std=options.embedding**-0.5 if options.tied else 1.0)
        if options.tied:
            self.output.weight = self.embedding.weight

    def forward(self, symbols: Tensor, state: Sequence[Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, ...]]:
        """Logits and the last state."""
        read = self.read(symbols, state)
        return self.output(read.dropped), read.state

    def step(self, symbols: Tensor, state: Sequence[Tensor] | None = None) -> tuple[Tensor, tuple[Tensor, ...]]:
        """The next symbols [B] -> logits [B, size] and the next state."""
        self.refuse_steps()
        logits, last = self(symbols.unsqueeze(0), state)
        return logits[0], last

    def stream(self, batch: int = 1, *, threads: int | None = None, int8: bool = False) -> Stream | TransformerStream:
        """Rows of the embedding in, logits out, one call a step; begins at no state. `int8`: weights of 8 bits.

        Raises InputError where a Transformer is asked for 8 bits.
        """
        layer: Any = self.layers[0]
        if isinstance(layer, TransformerLayer):
            if int8:
                raise InputError(_("weights of 8 bits are for recurrences: a Transformer has float32 or bfloat16"))
            return layer.stream(batch, threads=threads, head=self.output)
        return Stack(self.layers).stream(batch, head=self.output, threads=threads, int8=int8)

    def read(self, symbols: Tensor, state: Sequence[Tensor] | None = None) -> Read:
        """All but the output layer."""
        x = self._embedded(symbols)
        parts: list[Tensor] = []
        layers: Any = self.layers
        for number, layer in enumerate(layers):
            count = layer.state_parts if isinstance(layer, TransformerLayer) else len(layer.cell.states)
            given = None if state is None else state[number * count : (number + 1) * count]
            y, last = layer(x, None if given is None else given[0] if count == 1 else tuple(given))
            parts += [last] if isinstance(last, Tensor) else last
            x = self._locked(y, self.options.dropout)
        return Read(y, x, tuple(parts))  # pyright: ignore[reportPossiblyUnboundVariable]  # there is a layer

    def _embedded(self, symbols: Tensor) -> Tensor:
        weight, rate = self.embedding.weight, self.options.embedding_dropout
        if self.training and rate:
            weight = weight * weight.new_empty(len(weight), 1).bernoulli_(1 - rate).div_(1 - rate)
        return self._locked(functional.embedding(symbols, weight), self.options.input_dropout)

    def _locked(self, x: Tensor, rate: float) -> Tensor:
        """The same features of x [T, B, F] dropped at all steps, in training."""
        if not (self.training and rate):
            return x
        return x * x.new_empty(1, *x.shape[1:]).bernoulli_(1 - rate).div_(1 - rate)


def regularised(read: Read, options: GeneratorOptions) -> Tensor | float:
    """What AR and TAR add to the loss."""
    found: Any = 0.0
    if options.activation:
        found = found + options.activation * read.dropped.float().square().mean()
    if options.slowness and len(read.hidden) > 1:
        found = found + options.slowness * read.hidden.float().diff(dim=0).square().mean()
    return found
