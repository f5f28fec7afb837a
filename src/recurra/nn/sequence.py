"""The network of labelled sequences: every input through its front-end, sequences through a recurrence, fused, a head.

    x_t = front-end(input)_t                                tokens, numbers, sound; a convolution where asked
    y_t = [forward(x)_t, backward(x)_t]                     RNN, LSTM or GRU, one or several layers
    p   = pooling(y)                                        one vector per sequence; none for a label of every step
    z   = W dropout([p_1, ..., p_n, images, columns]) + b   logits, or numbers for a regression

An input that is missing is replaced by a vector that is learnt. Variational dropout inside the recurrence: Gal and
Ghahramani (2016).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from numbers import Integral
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from recurra.errors import InputError
from recurra.language import _
from recurra.nn.cell_layer import layer_of
from recurra.nn.front_ends import (
    ColumnFrontEnd,
    ImageFrontEnd,
    NumberFrontEnd,
    SoundFrontEnd,
    StepConvolution,
    TokenFrontEnd,
    sinusoidal_encoding,
    step_mask,
)
from recurra.nn.network import Network
from recurra.nn.pooling import Pooling, parse_pooling
from recurra.nn.regularisation import Regularisation
from recurra.nn.sizes import check_shares, check_whole
from recurra.nn.transformer_layer import TransformerLayer

_ABSENT = 0.1  # of the examples an optional input is hidden in training, so that its absence is learnt


@dataclass(frozen=True)
class SequenceOptions:
    """How a sequence is read: widths, pooling, and noise in training.

    hidden              units per direction in each of the `layers`
    embedding           features per token
    convolution         widths of the kernels in front of the recurrence, such as (3, 5); () for none
    channels            features that the convolution adds to each step
    positions           features of a sinusoidal encoding of the step's place (Vaswani et al. 2017); 0 for none
    shrink              steps that become one behind the convolution, the largest of each feature: the recurrence is
                        shorter, and sees further; 1 for none, and where steps are tagged
    pooling             "last", "mean", "max", "attention", or several with + between
    dropout             the share of features dropped between the layers and before the head
    input_dropout       that of the features that enter the recurrence's front
    recurrent_dropout   that of h inside the recurrence
    word_dropout        the share of tokens read as unknown

    Dropped are the same features at every step of a sequence (variational dropout, Gal and Ghahramani 2016), except
    before the head.
    """

    hidden: int = 64
    layers: int = 1
    embedding: int = 64
    convolution: tuple[int, ...] = ()
    channels: int = 64
    positions: int = 0
    shrink: int = 1
    pooling: str = "mean+max"
    bidirectional: bool = True
    layer_norm: bool = False
    dropout: float = 0.3
    input_dropout: float = 0.0
    recurrent_dropout: float = 0.0
    word_dropout: float = 0.0

    def __post_init__(self) -> None:
        check_whole(self, hidden=1, layers=1, embedding=1, channels=1, shrink=1, positions=0)
        check_shares(self, "dropout", "input_dropout", "recurrent_dropout", "word_dropout")
        kernels = self.convolution
        if not isinstance(kernels, tuple | list) or any(not _is_whole(k) or k < 1 or k % 2 == 0 for k in kernels):
            raise InputError(f"convolution is {kernels!r}: expected odd widths of kernels, such as (3, 5), or ()")
        object.__setattr__(self, "convolution", tuple(map(int, kernels)))
        if self.shrink > 1 and not self.convolution:
            raise InputError(f"shrink is {self.shrink} without a convolution: give its kernels too, such as (9,)")
        parse_pooling(self.pooling)


def _is_whole(value: object) -> bool:
    return isinstance(value, Integral) and not isinstance(value, bool)


@dataclass(frozen=True)
class InputSpec:
    """What the network must know of an input.

    `kind`: "tokens" (`size` of the vocabulary), "numbers" (`size` features), "sound", "image" (`size` channels) or
    "columns" (`size` numbers, and `categories`).
    """

    kind: str
    size: int
    categories: tuple[int, ...] = ()
    optional: bool = False

    @property
    def in_steps(self) -> bool:
        """Whether it is a sequence."""
        return self.kind in ("tokens", "numbers", "sound")


class InputBatch(NamedTuple):
    """An input of a batch.

    values   tokens [T, B], numbers or sound [T, B, F], images [B, C, H, W], numbers of columns [B, N]
    lengths  [B], steps of each row; of what is no sequence, 1 where it is there and 0 where it is missing
    codes    category codes of columns [B, C]
    """

    values: Tensor
    lengths: Tensor
    codes: Tensor | None = None


class SequenceNetwork(Network):
    """Inputs by name -> [B, K], or with `per_step` [T, B, K] for the steps of the one sequence among them."""

    def __init__(
        self,
        parts: Mapping[str, InputSpec],
        outputs: int,
        cell: str,
        options: Mapping[str, SequenceOptions],
        *,
        per_step: bool = False,
        vectors: Mapping[str, Tensor] | None = None,
    ) -> None:
        super().__init__()
        sound = next((name for name, part in parts.items() if part.kind == "sound"), None)
        if per_step and sound is not None:
            raise InputError(
                f"input {sound!r} is a sound, which is read many samples at a time: to tag every sample, or every "
                "frame of features, declare it as Series()"
            )
        self.parts, self.per_step = dict(parts), per_step
        self.names = list(parts)
        branches = [
            _SequenceBranch(part, cell, options[name], per_step, (vectors or {}).get(name))
            if part.in_steps
            else _FixedBranch(part, options[name])
            for name, part in parts.items()
        ]
        self.branches = nn.ModuleList(branches)
        widths = [int(branch.width) for branch in branches]
        self.absent = nn.ParameterList(
            nn.Parameter(torch.zeros(width)) if part.optional else nn.Parameter(torch.zeros(0), requires_grad=False)
            for part, width in zip(parts.values(), widths, strict=True)
        )
        self.dropout = nn.Dropout(max(each.dropout for each in options.values()))
        self.head = nn.Linear(sum(widths), outputs)

    def forward(self, inputs: Mapping[str, InputBatch], state: Any = None) -> tuple[Tensor, Any]:
        """Logits or numbers, and of a causal network the states of its layers, by input."""
        self.refuse_state(state)
        fused, after = self._read({name: self.features(name, inputs[name]) for name in self.names}, state)
        return self.head(self.dropout(fused)), None if self.why_not_causal else after

    @property
    def why_not_causal(self) -> str:
        """Why an output needs more than the steps before it, so that there is no `step`; "" where it does not."""
        if not self.per_step:
            return _("it has one output for the whole sequence")
        for name, branch in zip(self.names, self._every(), strict=True):
            if isinstance(branch, _SequenceBranch) and (why := branch.why_not_causal):
                return f"{name}: {why}"
        return ""

    @property
    def why_not_onward(self) -> str:
        """Why its output cannot be kept up to date as steps come; "" where it can (`nn.sequence_stream`)."""
        moving = [name for name, part in self.parts.items() if part.in_steps]
        if len(moving) != 1:
            return (
                f"it reads {len(moving)} sequences ({', '.join(moving)}), each with steps of its own"
                if moving
                else ("it reads no sequence")
            )
        branch = self._every()[self.names.index(moving[0])]
        assert isinstance(branch, _SequenceBranch)
        return f"{moving[0]}: {branch.why_not_onward}" if branch.why_not_onward else ""

    def step(self, inputs: Mapping[str, InputBatch], state: Any = None) -> tuple[Tensor, Any]:
        """The outputs [B, K] of the next step, and the state for the one after it: what `forward` gives of them all.

        A sequence among `inputs` holds one step, tokens [1, B] or numbers [1, B, F]; what is no sequence is given at
        every step. `state` is None at the beginning. Raises InputError where the network is not causal, with the
        reason, and in training mode.
        """
        self.refuse_steps()
        found, states, states_before = [], [], state or [None] * len(self.names)
        for name, branch, absent, before in zip(self.names, self._every(), self.absent, states_before, strict=True):
            given = branch.features(inputs[name])
            after = None
            if isinstance(branch, _SequenceBranch):
                y, after = branch.step(given.values[0], before)
            else:
                y = branch(given)
            if len(absent):
                y = torch.where((given.lengths > 0).unsqueeze(-1), y, absent)
            found.append(y)
            states.append(after)
        return self.head(torch.cat(found, dim=-1)), states

    def known(self) -> dict[str, Tensor]:
        """Of each input of tokens which of them are known [V + 1]; to be changed in place."""
        fronts = {name: branch.front for name, branch in zip(self.names, self._every(), strict=True)}
        return {name: front.known for name, front in fronts.items() if isinstance(front, TokenFrontEnd)}

    def features(self, name: str, given: InputBatch) -> InputBatch:
        """An input as it enters the part that can be differentiated: tokens and categories embedded."""
        return self._every()[self.names.index(name)].features(given)

    def embedding_widths(self, name: str) -> list[int]:
        """How many of the last features of an input of columns belong to each of its categorical columns."""
        branch = self._every()[self.names.index(name)]
        tables = branch.front.embeddings.tables if isinstance(branch.front, ColumnFrontEnd) else []
        return [int(table.embedding_dim) for table in tables]  # pyright: ignore[reportArgumentType]  # of a ModuleList

    def _every(self) -> list[_SequenceBranch | _FixedBranch]:
        return [*self.branches]  # pyright: ignore[reportReturnType]  # a ModuleList does not know what it holds

    def outputs(self, features: Mapping[str, InputBatch]) -> Tensor:
        """Logits or numbers from what `features` gave."""
        return self.head(self.dropout(self._fused(features)))

    def evaluated(self, inputs: Mapping[str, InputBatch]) -> Tensor:
        """As `forward`, with a head in float64: how many rows there are then changes no digit of a row's result."""
        return functional.linear(self.hidden(inputs).double(), self.head.weight.double(), self.head.bias.double())

    def hidden(self, inputs: Mapping[str, InputBatch]) -> Tensor:
        """What enters the head [B, .], of steps with labels [T, B, .]: the pooled states of all inputs side by side."""
        return self._fused({name: self.features(name, inputs[name]) for name in self.names})

    def _fused(self, features: Mapping[str, InputBatch]) -> Tensor:
        """[B, .] or [T, B, .], all inputs side by side."""
        return self._read(features)[0]

    def _read(self, features: Mapping[str, InputBatch], state: Any = None) -> tuple[Tensor, list[Any]]:
        """As `_fused`, from a state, and the states of the layers of each input."""
        found, after = [], []
        befores = state or [None] * len(self.names)
        for name, branch, absent, before in zip(self.names, self._every(), self.absent, befores, strict=True):
            given = features[name]
            y, own = branch.run(given, before) if isinstance(branch, _SequenceBranch) else (branch(given), None)
            after.append(own)
            if len(absent):
                there = given.lengths > 0
                if self.training:
                    there = there & (torch.rand(len(there), device=there.device) >= _ABSENT)
                y = torch.where(there.unsqueeze(-1), y, absent)
            found.append(y)
        if self.per_step:
            steps = max(y.shape[0] for y in found if y.dim() == 3)
            found = [y if y.dim() == 3 else y.unsqueeze(0).expand(steps, -1, -1) for y in found]
        return torch.cat(found, dim=-1), after


class _SequenceBranch(nn.Module):
    """Front-end, recurrence and pooling of one sequence."""

    def __init__(
        self, part: InputSpec, cell: str, options: SequenceOptions, per_step: bool, vectors: Tensor | None
    ) -> None:
        super().__init__()
        self.front = _front_end(part, options, vectors)
        width = self.front.width
        self.sound = part.kind == "sound"
        self.input_dropout, self.dropout = options.input_dropout, options.dropout
        self.convolution = None
        if options.convolution:
            if per_step and options.shrink > 1:
                raise InputError(f"shrink is {options.shrink}, and every step has a label: expected 1")
            self.convolution = StepConvolution(width, options.channels, options.convolution, options.shrink)
            width = self.convolution.width
        self.positions = options.positions
        width += 2 * options.positions
        noise = Regularisation(recurrent_dropout=options.recurrent_dropout) if options.recurrent_dropout else None
        directions = 2 if options.bidirectional else 1
        widths = [width, *([directions * options.hidden] * (options.layers - 1))]
        made = [
            layer_of(cell)(
                each,
                options.hidden,
                bidirectional=options.bidirectional,
                layer_norm=options.layer_norm,
                regularisation=noise,
            )
            for each in widths
        ]
        self.layers = nn.ModuleList(made)
        for layer in made:
            layer.open_gates()
        self.pooling = None if per_step else Pooling(options.pooling, directions * options.hidden, directions)
        self.width = directions * options.hidden if self.pooling is None else self.pooling.width

    def features(self, given: InputBatch) -> InputBatch:
        if self.sound:
            return InputBatch(*self.front(given.values, given.lengths))
        return given._replace(values=self.front(given.values))

    def forward(self, given: InputBatch) -> Tensor:
        return self.run(given)[0]

    def run(self, given: InputBatch, state: Any = None) -> tuple[Tensor, list[Any]]:
        """Its output, and the states of its layers."""
        x, lengths = given.values, given.lengths
        alive = step_mask(lengths, len(x))
        x = self._dropped(x, self.input_dropout)
        if self.convolution is not None:
            x, shrink = self.convolution(x, alive), self.convolution.shrink
            alive, lengths = alive[::shrink], -(-lengths // shrink)
        if self.positions:
            x = torch.cat([x, sinusoidal_encoding(x, self.positions)], dim=-1)
        after = []
        for k, (layer, before) in enumerate(zip(self.layers, state or [None] * len(self.layers), strict=True)):
            if k:
                x = self._dropped(x, self.dropout)
            x, own = layer(x, before, lengths=lengths)
            after.append(own)
        return x if self.pooling is None else self.pooling(x, lengths, alive), after

    @property
    def why_not_causal(self) -> str:
        """Why an output needs later steps; "" where it does not."""
        return self.why_not_onward or ("" if self.pooling is None else _("it pools all steps"))

    @property
    def why_not_onward(self) -> str:
        """Why what is kept of the steps so far does not go on from one to the next; "" where it does."""
        if any(isinstance(layer, TransformerLayer) for layer in self.layers):
            return "a Transformer keeps every step, and more with each"
        if self.sound:
            return _("a sound is read many samples at a time")
        if any(bool(layer.bidirectional) for layer in self.layers):
            return _("its recurrence runs in both directions (bidirectional=False makes it causal)")
        if self.convolution is not None and max(self.convolution.widths) > 1:
            return _("its convolution sees the steps on both sides (convolution=() makes it causal)")
        if self.positions:
            return _("it is told the number of the step (positions=0 makes it causal)")
        return ""

    def step(self, x: Tensor, state: Any) -> tuple[Tensor, list[Any]]:
        """One step [B, F] -> [B, H], and the states of the layers."""
        if self.convolution is not None:
            x = self.convolution(x[None], torch.ones(1, len(x), dtype=torch.bool, device=x.device))[0]
        after = []
        for layer, before in zip(self.layers, state or [None] * len(self.layers), strict=True):
            x, own = layer.step(x, before)  # pyright: ignore[reportCallIssue]  # a ModuleList does not know its modules
            after.append(own)
        return x, after

    def _dropped(self, x: Tensor, rate: float) -> Tensor:
        """Without `rate` of the features, the same ones at every step of a row."""
        return x * functional.dropout(torch.ones_like(x[0]), rate) if self.training and rate else x


def _front_end(
    part: InputSpec, options: SequenceOptions, vectors: Tensor | None
) -> TokenFrontEnd | NumberFrontEnd | SoundFrontEnd:
    if part.kind == "tokens":
        width = options.embedding if vectors is None else vectors.shape[1]
        return TokenFrontEnd(part.size, width, options.word_dropout, vectors)
    return NumberFrontEnd(part.size) if part.kind == "numbers" else SoundFrontEnd(options.embedding)


class _FixedBranch(nn.Module):
    """The front-end of an image or of columns."""

    def __init__(self, part: InputSpec, options: SequenceOptions) -> None:
        super().__init__()
        self.front = (
            ImageFrontEnd(part.size, options.hidden)
            if part.kind == "image"
            else ColumnFrontEnd(part.size, part.categories, options.hidden)
        )
        self.width = self.front.width

    def features(self, given: InputBatch) -> InputBatch:
        if isinstance(self.front, ImageFrontEnd):
            return given
        assert given.codes is not None
        return InputBatch(self.front.embedded(given.values, given.codes), given.lengths)

    def forward(self, given: InputBatch) -> Tensor:
        return self.front(given.values) if isinstance(self.front, ImageFrontEnd) else self.front.read(given.values)
