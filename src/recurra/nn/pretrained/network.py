"""The network of the pretrained forecaster: residual blocks of a recurrence and a gated layer, patch by patch.

    e = embed(patch)
    e = e + recurrence(norm(e));  e = e + W (silu(U norm(e)) * V norm(e))        in every block
    for each step ahead:  f = silu(step(e) + features(plain forecasts)),  f = f + silu(W f)
    median    = last + d (softmax(w' f) . plain forecasts + v' f)
    quantiles = median -/+ running sums of d exp(scale) squareplus(...)

LSTM and GRU are those of the article, layer for layer (Hochreiter and Schmidhuber, 1997; Cho et al., 2014); patches as
tokens are PatchTST's (Nie et al., 2023), residual blocks around an LSTM xLSTM's (Beck et al., 2024); a forecast that
starts from a weighted sum of plain ones follows the M4 winner's and FFORMA's experience.
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor, nn
from torch.nn import functional

from recurra.language import _
from recurra.nn.pretrained.constants import triangle
from recurra.nn.pretrained.features import PLAIN, START, STEP, Described, describe, inputs_size, plain_forecasts
from recurra.nn.pretrained.shape import Shape
from recurra.nn.quantiles import MEDIAN, QUANTILES

Recurrences = Callable[[str, int], nn.Module]


def torch_recurrence(kind: str, width: int) -> nn.Module:
    return {"lstm": nn.LSTM, "gru": nn.GRU}[kind](width, width)


class Block(nn.Module):
    """e [K, B, D] -> e [K, B, D]"""

    def __init__(self, shape: Shape, recurrence: Recurrences) -> None:
        super().__init__()
        width, inner = shape.width, shape.expand * shape.width
        self.before_recurrence = nn.RMSNorm(width)
        self.recurrence = recurrence(shape.recurrence, width)
        self.before_gated = nn.RMSNorm(width)
        self.gated = nn.Linear(width, 2 * inner, bias=False)
        self.back = nn.Linear(inner, width, bias=False)
        with torch.no_grad():
            self.back.weight.mul_(0.5)

    def forward(self, e: Tensor, at: Tensor | None = None) -> Tensor:
        """After the patches `at` [A] alone where they are named: only the recurrence needs the others."""
        e = e + run_recurrence(self.recurrence, self.before_recurrence(e))
        e = e if at is None else e[at]
        gate, value = self.gated(self.before_gated(e)).chunk(2, -1)
        return e + self.back(functional.silu(gate) * value)


class Pretrained(nn.Module):
    """Windows of values -> quantiles of the values after chosen patches.

    `recurrence(kind, width)` makes the recurrent layers: torch.nn's unless given; the parameters are the same.
    """

    def __init__(self, shape: Shape, recurrence: Recurrences = torch_recurrence) -> None:
        super().__init__()
        self.shape = shape
        width, step = shape.width, shape.step_width
        self.embed = nn.Linear(inputs_size(shape.patch), 2 * width)
        self.embed_back = nn.Linear(2 * width, width)
        self.blocks = nn.ModuleList(Block(shape, recurrence) for _ in range(shape.layers))
        self.norm = nn.RMSNorm(width)
        self.steps = nn.Linear(width, shape.horizon * step)
        self.plain = nn.Linear(STEP, step)
        self.mix = nn.Linear(step, step)
        self.out = nn.Linear(step, PLAIN + 1 + len(QUANTILES))
        with torch.no_grad():
            self.out.weight.mul_(0.3)
            self.out.bias.zero_()
            self.out.bias[:PLAIN] = torch.tensor(START)

    @property
    def why_not_causal(self) -> str:
        """Why there is no step: a window is described as a whole."""
        return _("it describes a window by its own level, scale and season, which every further step changes")

    def encode(self, inputs: Tensor, at: Tensor) -> Tensor:
        """inputs [K, B, F], patches `at` [A] -> states [A, B, D]"""
        e = self.embed_back(functional.silu(self.embed(inputs))).float()  # sums of blocks are not rounded
        for block in self.blocks[:-1]:
            e = block(e)
        return self.norm(self.blocks[-1](e, at))

    def decode(self, states: Tensor, plain: Tensor) -> Tensor:
        """states [B, A, D], plain forecasts [B, A, H, PLAIN] -> quantiles [B, A, H, Q] in the same units."""
        horizon, step = self.shape.horizon, self.shape.step_width
        ahead = torch.linspace(-1, 1, horizon, device=plain.device).view(horizon, 1).expand(*plain.shape[:3], 1)
        features = self.plain(torch.cat([plain.asinh(), ahead.to(plain.dtype)], 3))
        f = functional.silu(self.steps(states).view(*states.shape[:2], horizon, step) + features)
        f = f + functional.silu(self.mix(f))
        raw = self.out(f).float()
        weights, scale, rest = raw.split([PLAIN, 1, len(QUANTILES)], 3)
        centre = (weights.softmax(3) * plain).sum(3, keepdim=True) + rest[..., MEDIAN : MEDIAN + 1]
        steps = _squareplus(rest) * scale.clamp(-6, 6).exp()
        with torch.autocast(plain.device.type, enabled=False):
            # running sums outward from the median, as products: scans along so short an axis are slow on a GPU
            below = steps[..., :MEDIAN].contiguous() @ triangle(MEDIAN, plain.device).T
            above = steps[..., MEDIAN + 1 :].contiguous() @ triangle(len(QUANTILES) - MEDIAN - 1, plain.device)
        return torch.cat([centre - below, centre, centre + above], 3)

    def forward(self, x: Tensor, zero: Tensor, lags: Tensor, scores: Tensor, at: Tensor) -> tuple[Tensor, Described]:
        """x [B, L] (NaN where missing), zero [B], lags and scores [B, 2], patches `at` [A] -> quantiles [B, A, H, Q].

        The quantiles are relative to the last value, in the unit of each patch (see `features`).
        """
        shape = self.shape
        with torch.no_grad():
            described = describe(x, zero, lags, scores, shape.patch)
            plain = plain_forecasts(described, lags, at, shape.patch, shape.horizon)
        states = self.encode(described.inputs, at).transpose(0, 1)
        return self.decode(states, plain.clamp(-1e4, 1e4)), described


def run_recurrence(layer: nn.Module, x: Tensor) -> Tensor:
    """All outputs; on a GPU under autocast, cuDNN's layer in the dtype of autocast (PyTorch's own rule is float16)."""
    if not (isinstance(layer, nn.RNNBase) and x.is_cuda and torch.is_autocast_enabled("cuda")):
        return layer(x)[0]
    dtype = torch.get_autocast_dtype("cuda")
    weights = [weight.to(dtype) for weight in layer._flat_weights if weight is not None]
    zero = torch.zeros(1, x.shape[1], layer.hidden_size, device=x.device, dtype=dtype)
    with torch.autocast("cuda", enabled=False):
        x = x.to(dtype)
        if isinstance(layer, nn.LSTM):
            return torch._VF.lstm(x, (zero, zero), weights, True, 1, 0.0, layer.training, False, False)[0]
        return torch._VF.gru(x, zero, weights, True, 1, 0.0, layer.training, False, False)[0]


def _squareplus(a: Tensor) -> Tensor:
    return 0.5 * (a + (a * a + 4.0).sqrt())
