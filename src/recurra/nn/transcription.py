"""The network of transcription: recurrent layers over frames of speech, and what each step says: a unit, or a blank.

    x [T, B, F] -> layers, in both directions or, to be read as it comes, one -> log softmax [T, B, K]

A causal network says of step t what it knows at step t + `ahead`: its inputs run so many steps ahead of its outputs.
Source: Graves, Fernández, Gomez, Schmidhuber (2006), "Connectionist temporal classification".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from recurra.errors import InputError
from recurra.language import _
from recurra.nn.cell_layer import layer_of
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
    """

    hidden: int = 192
    layers: int = 3
    bidirectional: bool = True
    ahead: int = 0
    dropout: float = 0.3
    input_dropout: float = 0.0

    def __post_init__(self) -> None:
        check_whole(self, hidden=1, layers=1, ahead=0)
        check_shares(self, "dropout", "input_dropout")
        if self.bidirectional and self.ahead:
            raise InputError(
                _(
                    "ahead is {n} in a network that runs in both directions, and sees everything: expected 0",
                    n=self.ahead,
                )
            )


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

    def forward(
        self, x: Tensor, lengths: Tensor | None = None, state: Sequence[Any] | None = None
    ) -> tuple[Tensor, list[Any]]:
        """The log probabilities and the states of the layers; what comes after the end of a row means nothing.

        A network that looks ahead reads zeros after the end, where a recording is over: it goes on by `step` only.
        """
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
        said = self.head(self._dropped(x[ahead:], self.options.dropout))
        return functional.log_softmax(said.float(), dim=-1), after

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
