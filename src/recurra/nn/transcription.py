"""The network of transcription: recurrent layers over frames of speech, and what each step says: a unit, or a blank.

    x [T, B, F] -> layers, in both directions or, to be read as it comes, one -> log softmax [T, B, K]

A causal network says of step t what it knows at step t + `ahead`: its inputs run so many steps ahead of its outputs.
With an attention decoder the same layers are what a second network reads, which writes the text unit by unit
(`nn.encoder_decoder`); both are learnt together. Sources: Graves, Fernández, Gomez, Schmidhuber (2006), "Connectionist
temporal classification"; Watanabe et al. (2017), "Hybrid CTC/attention architecture for end-to-end speech recognition".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

import torch
from torch import Tensor, nn
from torch.nn import functional

from recurra.errors import InputError
from recurra.language import _
from recurra.nn.cell_layer import layer_of
from recurra.nn.encoder_decoder import EncoderDecoder, EncoderDecoderOptions
from recurra.nn.network import Network
from recurra.nn.sizes import check_shares, check_whole


@dataclass(frozen=True)
class TranscriptionOptions:
    """The sizes of the network.

    hidden, layers  units of each direction, and layers
    bidirectional   whether it needs the whole recording
    ahead           of a causal network, steps that its inputs run ahead of its outputs
    dropout         share of features dropped between layers, the same ones at every step of a row
    input_dropout   the same of the inputs
    decoder         "ctc", or "attention": a decoder that writes what each unit attends to, beside CTC
    ctc             CTC's share of the loss, and of the score of a search, beside an attention decoder
    heads           of its attention
    """

    hidden: int = 192
    layers: int = 3
    bidirectional: bool = True
    ahead: int = 0
    dropout: float = 0.3
    input_dropout: float = 0.0
    decoder: Literal["ctc", "attention"] = "ctc"
    ctc: float = 0.3
    heads: int = 1

    def __post_init__(self) -> None:
        check_whole(self, hidden=1, layers=1, ahead=0, heads=1)
        if self.decoder not in ("ctc", "attention"):
            raise InputError(_("decoder is {value!r}: expected ctc or attention", value=self.decoder))
        if isinstance(self.ctc, bool) or not isinstance(self.ctc, int | float) or not 0 < self.ctc < 1:
            raise InputError(_("ctc is {value!r}: expected a share above 0 and below 1", value=self.ctc))
        check_shares(self, "dropout", "input_dropout")
        if self.bidirectional and self.ahead:
            raise InputError(
                _(
                    "ahead is {n} in a network that runs in both directions, and sees everything: expected 0",
                    n=self.ahead,
                )
            )
        if self.decoder == "attention" and not self.bidirectional:
            raise InputError(_("an attention decoder needs the whole recording: drop it, or read in both directions"))


class TranscriptionNetwork(Network):
    """Steps of speech [T, B, F] with `lengths` [B] -> log probabilities [T, B, K] of the units, the first the blank."""

    def __init__(self, features: int, outputs: int, cell: str, options: TranscriptionOptions) -> None:
        super().__init__()
        self.options = options
        directions = 2 if options.bidirectional else 1
        widths = [features, *([directions * options.hidden] * (options.layers - 1))]
        self.layers = nn.ModuleList(
            layer_of(cell)(width, options.hidden, bidirectional=options.bidirectional) for width in widths
        )
        self.head = nn.Linear(directions * options.hidden, outputs)
        self.writer = None
        if options.decoder == "attention":
            sizes = EncoderDecoderOptions(
                embedding=options.hidden,
                hidden=options.hidden,
                heads=options.heads,
                dropout=options.dropout,
                recurrent_dropout=0.0,
            )
            front = _Heard(directions * options.hidden)
            self.writer = EncoderDecoder(None, outputs + 1, cell, sizes, front=front)

    def forward(
        self,
        x: Tensor,
        lengths: Tensor | None = None,
        state: Sequence[Any] | None = None,
        told: tuple[Tensor, Tensor] | None = None,
    ) -> tuple[Tensor, Any]:
        """The log probabilities and the states of the layers; what comes after the end of a row means nothing.

        `told`, tokens that are read and those that follow (see `EncoderDecoder.forward`; the end has the blank's
        number, the beginning that after the last unit's): then the attention decoder's mean loss in the states' place.
        A network that looks ahead reads zeros after the end, where a recording is over: it goes on by `step` only.
        """
        x, after = self.heard(x, lengths, state)
        if told is not None:
            assert self.writer is not None
            assert lengths is not None
            return self.said(x), self.writer(x, lengths, *told)
        return self.said(x), after

    def said(self, heard: Tensor) -> Tensor:
        """What the last layer gives [T, B, H] -> log probabilities [T, B, K]."""
        return functional.log_softmax(self.head(self._dropped(heard, self.options.dropout)).float(), dim=-1)

    def heard(
        self, x: Tensor, lengths: Tensor | None = None, state: Sequence[Any] | None = None
    ) -> tuple[Tensor, list[Any]]:
        """What the last layer gives [T, B, H], without the steps that the network looks ahead, and all states."""
        self.refuse_state(state)
        if ahead := self.delay:
            if state is not None:
                raise InputError(_("this network looks {n} steps ahead: go on from a state with step()", n=ahead))
            x = functional.pad(x, (0, 0, 0, 0, 0, ahead))
            lengths = None if lengths is None else lengths + ahead
        x = self._dropped(x, self.options.input_dropout)
        after = []
        for k, (layer, before) in enumerate(zip(self.layers, state or [None] * len(self.layers), strict=True)):
            if k:
                x = self._dropped(x, self.options.dropout)
            x, own = layer(x, before, lengths=lengths)
            after.append(own)
        return x[ahead:], after

    @property
    def delay(self) -> int:
        """The steps that it looks ahead."""
        return self.options.ahead

    @property
    def why_not_causal(self) -> str:
        """Why a step needs later ones; "" where it does not."""
        both = self.options.bidirectional
        return _("its recurrence runs in both directions (streaming=True makes it causal)") if both else ""

    def step(self, x: Tensor, state: Any = None) -> tuple[Tensor, Any]:
        """One step [B, F] -> log probabilities [B, K] of the step that came `ahead` steps before, and the next state.

        Raises InputError for a network that needs the whole recording.
        """
        self.refuse_steps()
        after = []
        for layer, before in zip(self.layers, state or [None] * len(self.layers), strict=True):
            x, own = layer.step(x, before)  # pyright: ignore[reportCallIssue]  # a ModuleList does not know its modules
            after.append(own)
        return functional.log_softmax(self.head(x).float(), dim=-1), after

    def _dropped(self, x: Tensor, rate: float) -> Tensor:
        return x * functional.dropout(torch.ones_like(x[0]), rate) if self.training and rate else x


class _Heard(nn.Module):
    """Steps that were heard already, as what an encoder reads: `width` features."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.width = width

    def forward(self, x: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """As they are."""
        return x, lengths
