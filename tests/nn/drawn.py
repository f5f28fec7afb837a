"""Layers of every kind with every argument, and input for them in every form, drawn at random."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from hypothesis import strategies as st
from torch import Tensor
from torch.nn.utils.rnn import PackedSequence, pack_padded_sequence

import recurra as rc
from recurra.nn import Regularisation

FORMS = ("padded", "lengths", "packed", "unsorted", "unbatched", "strided")


@dataclass(frozen=True)
class Drawn:
    """A layer by name and arguments, the sizes of its input, and a seed for all numbers."""

    name: str
    features: int
    hidden: int
    arguments: tuple[tuple[str, Any], ...]
    steps: int
    batch: int
    form: str
    state: bool
    seed: int

    def layer(self, dtype: torch.dtype = torch.float64) -> Any:
        """The layer, gains of layer norms away from 1."""
        torch.manual_seed(self.seed)
        made = getattr(rc.nn, self.name)(self.features, self.hidden, **dict(self.arguments), dtype=dtype)
        with torch.no_grad():
            for name, parameter in made.named_parameters():
                if "norm" in name:
                    parameter.add_(torch.rand_like(parameter) - 0.5)
        return made

    def rows(self, dtype: torch.dtype = torch.float64) -> Tensor:
        """Input [T, B, F]."""
        generator = torch.Generator().manual_seed(self.seed)
        return torch.randn(self.steps, self.batch, self.features, generator=generator, dtype=torch.float64).to(dtype)

    def lengths(self) -> Tensor:
        """Of each row: int64 [B], 0 to T; 1 to T where they are to be packed."""
        least = 1 if self.form in ("packed", "unsorted") else 0
        found = torch.randint(least, self.steps + 1, (self.batch,), generator=torch.Generator().manual_seed(self.seed))
        return found.sort(descending=True)[0] if self.form == "packed" else found

    def states(self, layer: Any) -> Any:
        """An initial state in the form of `hx`, or None."""
        if not self.state:
            return None
        generator = torch.Generator().manual_seed(self.seed + 1)
        directed = layer.num_layers * (2 if layer.bidirectional else 1)
        widths = (layer.proj_size or layer.hidden_size, layer.hidden_size)[: len(layer.cell.states)]
        found = tuple(
            torch.randn(directed, self.batch, width, generator=generator, dtype=torch.float64).to(layer.weight_ih_l0)
            for width in widths
        )
        return found if len(found) == 2 else found[0]

    def call(self, layer: Any, rows: Tensor, hx: Any) -> tuple[Any, Any]:
        """The layer's results for the rows [T, B, F] in this form."""
        x = rows.transpose(0, 1) if layer.batch_first else rows
        match self.form:
            case "lengths":
                return layer(x, hx, lengths=self.lengths())
            case "packed" | "unsorted":
                return layer(pack_padded_sequence(x, self.lengths(), layer.batch_first, self.form == "packed"), hx)
            case "unbatched":
                alone = hx if hx is None else tuple(s[:, 0] for s in hx) if isinstance(hx, tuple) else hx[:, 0]
                return layer(rows[:, 0], alone)
            case "strided":
                return layer(torch.stack([x, x], -1)[..., 0], hx)
        return layer(x.contiguous(), hx)


def tensors(result: tuple[Any, Any]) -> list[Tensor]:
    """Every tensor of what a layer returns."""
    outputs, last = result
    outputs = outputs.data if isinstance(outputs, PackedSequence) else outputs
    return [outputs, *(last if isinstance(last, tuple) else (last,))]


@st.composite
def layers(draw: st.DrawFn, forms: tuple[str, ...] = FORMS, plain: bool = False, noise: bool = True) -> Drawn:
    """Any layer with any input; `plain`: only what torch.nn has, `noise`: with dropout and zoneout too."""
    name = draw(st.sampled_from(["RNN", "GRU", "LSTM"]))
    hidden = draw(st.sampled_from([1, 3, 17, 63]))
    arguments: dict[str, Any] = dict(
        num_layers=draw(st.sampled_from([1, 1, 2, 3])), bidirectional=draw(st.booleans()), bias=draw(st.booleans()),
        batch_first=draw(st.booleans()),
    )  # fmt: skip
    if name == "RNN":
        arguments["nonlinearity"] = draw(st.sampled_from(["tanh", "relu"]))
    if name == "LSTM" and hidden > 1 and draw(st.booleans()):
        arguments["proj_size"] = draw(st.integers(1, hidden - 1))
    if not plain:
        if name == "LSTM":
            arguments["peepholes"] = draw(st.booleans())
        if name == "GRU":
            arguments["reset_after"] = draw(st.booleans())
        # the norm of one number is zero, and what torch's gives instead of a zero gradient is rounding
        arguments["layer_norm"] = draw(st.booleans()) and hidden > 1 and arguments.get("reset_after", True)
        if noise and draw(st.booleans()):
            rates = [draw(st.sampled_from([0.0, 0.3])) for _ in range(3)]
            arguments["regularisation"] = Regularisation(*rates)
    return Drawn(
        name, draw(st.integers(1, 5)), hidden, tuple(arguments.items()), draw(st.integers(1, 7)),
        draw(st.integers(1, 9)), draw(st.sampled_from(forms)), draw(st.booleans()), draw(st.integers(0, 1000)),
    )  # fmt: skip
