"""A small, plain Transformer in the place of a recurrence, so that anybody can compare the two on his own data.

    x = x + attention(norm(x));  x = x + W2 gelu(W1 norm(x))

with the norms before (Xiong et al. 2020), sinusoids for positions (Vaswani et al. 2017), and PyTorch's own attention
where that is fastest. One step costs as much as there were steps before it, which is what a recurrence does not have.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import torch
from torch import Tensor, nn
from torch.nn import functional

from recurra.nn.encoder_decoder import Memory

if TYPE_CHECKING:
    from recurra.nn.encoder_decoder import EncoderDecoderOptions

INNER = 4  # times as wide is the layer within a block
_FEW = 48 * 48  # pairs of steps up to which two products are faster than PyTorch's kernel


def positions(steps: Tensor, width: int) -> Tensor:
    """Step numbers [...] -> sines and cosines [..., width]."""
    half = (width + 1) // 2
    rates = torch.exp(-math.log(10_000.0) * torch.arange(half, device=steps.device) / half)
    angles = steps.unsqueeze(-1) * rates
    return torch.cat([angles.sin(), angles.cos()], dim=-1)[..., :width]


def attended(q: Tensor, k: Tensor, v: Tensor, seen: Tensor | None, *, causal: bool = False) -> Tensor:
    """softmax(q k' / sqrt(d)) v of queries [B, H, T, d], keys and values [B, H, S, d] -> [B, H, T, d].

    `seen` [..., T, S] says which pairs there are, or is added to the scores; `causal` in its place: those before.

    PyTorch's own kernel, but for a CPU's trainings: there its gradient takes three times as long in bfloat16 as in
    float32, and longer than two products where there are few steps (128 sentences of 16 steps, 4 heads of 52, forward
    and back: 66 ms, 18 in float32, 9 as two products; docs/log.md has more).
    """
    dtype = q.dtype
    learns = q.device.type == "cpu" and q.requires_grad
    if learns and q.shape[2] * k.shape[2] <= _FEW:
        if causal:
            seen = q.new_ones(q.shape[2], k.shape[2], dtype=torch.bool).tril()
        return _shares(q, k, seen).to(dtype) @ v
    if learns:
        dtype = torch.promote_types(dtype, torch.float32)
    if seen is not None and seen.dtype != torch.bool:
        seen = seen.to(dtype)
    with torch.autocast(q.device.type, enabled=False):  # or it would be bfloat16 again
        found = functional.scaled_dot_product_attention(q.to(dtype), k.to(dtype), v.to(dtype), seen, is_causal=causal)
    return found.to(v.dtype)


def _shares(q: Tensor, k: Tensor, seen: Tensor | None) -> Tensor:
    """softmax(q k' / sqrt(d)) [B, H, T, S], in float32 at least."""
    scores = q @ k.transpose(2, 3)
    scores = scores.to(torch.promote_types(scores.dtype, torch.float32)) / math.sqrt(q.shape[-1])
    if seen is not None:
        scores = scores.masked_fill(~seen, -math.inf) if seen.dtype == torch.bool else scores + seen
    return scores.softmax(-1)


class Block(nn.Module):
    """Attention of each step to others of its own sequence, or to a memory, and a layer of its own.

    x [B, T, E]; a `memory` [B, S, M] is read where the block has its width.
    """

    def __init__(self, width: int, heads: int, dropout: float, memory: int | None = None) -> None:
        super().__init__()
        self.heads, self.rate = heads, dropout
        self.norm, self.inner_norm = nn.LayerNorm(width), nn.LayerNorm(width)
        self.queries, self.mixed = nn.Linear(width, 3 * width), nn.Linear(width, width)
        if memory is not None:
            self.memory_norm = nn.LayerNorm(width)
            self.asked, self.told = nn.Linear(width, width), nn.Linear(width, width)
            self.read = nn.Linear(memory, 2 * width)
        self.inner = nn.Sequential(nn.Linear(width, INNER * width), nn.GELU(), nn.Linear(INNER * width, width))

    def own(self, x: Tensor, seen: Tensor | None = None, past: tuple[Tensor, Tensor] | None = None) -> tuple:
        """Attention to one's own sequence: to the steps that are `seen` [B, 1, T, S], or, without, to those before.

        Numbers for `seen` [B, heads, T, S] are added to the scores.

        `past`: keys and values [B, heads, T, d] of the steps before. Returns x and keys and values with the present
        ones.
        """
        q, k, v = (self._cut(part) for part in self.queries(self.norm(x)).chunk(3, dim=-1))
        if past is not None:
            k, v = torch.cat([past[0], k], dim=2), torch.cat([past[1], v], dim=2)
        found = attended(q, k, v, seen, causal=seen is None and past is None)
        return x + self._dropped(self.mixed(self._joined(found))), (k, v)

    def read_memory(self, memory: Tensor) -> tuple[Tensor, Tensor]:
        """Its keys and values [B, heads, S, d], once for all steps."""
        k, v = self.read(memory).chunk(2, dim=-1)
        return self._cut(k), self._cut(v)

    def other(self, x: Tensor, read: tuple[Tensor, Tensor], there: Tensor) -> tuple[Tensor, Tensor]:
        """Attention to a memory: x, and the shares [B, T, S], the mean over heads."""
        q = self._cut(self.asked(self.memory_norm(x)))
        shares = _shares(q, read[0], there[:, None, None])
        found = shares.to(read[1].dtype) @ read[1]
        return x + self._dropped(self.told(self._joined(found))), shares.mean(1)

    def last(self, x: Tensor) -> Tensor:
        """The layer of each step's own."""
        return x + self._dropped(self.inner(self.inner_norm(x)))

    def _cut(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)

    def _joined(self, x: Tensor) -> Tensor:
        return x.transpose(1, 2).flatten(2)

    def _dropped(self, x: Tensor) -> Tensor:
        return functional.dropout(x, self.rate, self.training)


def has_blocks(network: nn.Module) -> bool:
    """Whether a Transformer stands in it, where others have a recurrence."""
    return any(isinstance(module, Block) for module in network.modules())


class TransformerCore(nn.Module):
    """Encoder and decoder of `layers` blocks each, E = `embedding` wide; see `nn.encoder_decoder.Core`."""

    def __init__(self, options: EncoderDecoderOptions) -> None:
        super().__init__()
        width, heads, rate = options.embedding, max(options.heads, 4), options.dropout
        while width % heads:
            heads -= 1
        self.width = width
        self.encoder = nn.ModuleList(Block(width, heads, rate) for _ in range(options.layers))
        self.decoder = nn.ModuleList(Block(width, heads, rate, width) for _ in range(options.layers))
        self.encoded, self.decoded = nn.LayerNorm(width), nn.LayerNorm(width)

    def encode(self, x: Tensor, lengths: Tensor) -> Memory:
        """See `Core`."""
        there = torch.arange(len(x), device=x.device) < lengths.unsqueeze(1)
        x = self._placed(x.transpose(0, 1))
        for block in self.encoder:
            x, _ = block.own(x, there[:, None, None])  # pyright: ignore[reportCallIssue]
            x = block.last(x)  # pyright: ignore[reportCallIssue]
        return Memory(self.encoded(x), there)

    def decode(self, y: Tensor, memory: Memory) -> tuple[Tensor, Tensor]:
        """See `Core`."""
        x, shares = self._placed(y.transpose(0, 1)), memory.there.float().unsqueeze(1)
        for block in self.decoder:
            x, _ = block.own(x)  # pyright: ignore[reportCallIssue]
            x, shares = block.other(x, block.read_memory(memory.values), memory.there)  # pyright: ignore[reportCallIssue]
            x = block.last(x)  # pyright: ignore[reportCallIssue]
        return self.decoded(x).transpose(0, 1), shares

    def steps(self, memory: Memory, width: int, *, int8: bool) -> TransformerSteps:
        """See `Core`; its steps have float32 alone."""
        return TransformerSteps(self, memory)

    def _placed(self, x: Tensor, first: int = 0) -> Tensor:
        steps = torch.arange(first, first + x.shape[1], device=x.device)
        return math.sqrt(self.width) * x + positions(steps, self.width)


class TransformerSteps:
    """The decoder a step at a time: keys and values of all steps before are kept."""

    def __init__(self, core: TransformerCore, memory: Memory) -> None:
        self._core, self._there, self._width = core, memory.there, 1
        self._read = [block.read_memory(memory.values) for block in core.decoder]  # pyright: ignore[reportCallIssue]
        self._past: list[tuple[Tensor, Tensor] | None] = [None] * len(core.decoder)
        self._at = 0

    def step(self, x: Tensor) -> Tensor:
        """See `nn.encoder_decoder.Steps`."""
        x = self._core._placed(x.unsqueeze(1), self._at)
        for k, block in enumerate(self._core.decoder):
            past = self._past[k]
            x, self._past[k] = block.own(x, None, past or _nothing(x, block.heads))  # pyright: ignore[reportCallIssue, reportArgumentType]
            wide = x.unflatten(0, (-1, self._width)).flatten(1, 2)  # the rows of one source as its steps
            wide, _ = block.other(wide, self._read[k], self._there)  # pyright: ignore[reportCallIssue]
            x = block.last(wide.unflatten(1, (self._width, 1)).flatten(0, 1))  # pyright: ignore[reportCallIssue]
        self._at += 1
        return self._core.decoded(x)[:, 0]

    def take(self, rows: Tensor, width: int) -> None:
        """See `nn.encoder_decoder.Steps`."""
        sources = rows[::width] // self._width
        if len(sources) < len(self._there):
            self._there, self._read = self._there[sources], [(k[sources], v[sources]) for k, v in self._read]
        self._past = [None if past is None else (past[0][rows], past[1][rows]) for past in self._past]
        self._width = width


def _nothing(x: Tensor, heads: int) -> tuple[Tensor, Tensor]:
    empty = x.new_zeros(len(x), heads, 0, x.shape[-1] // heads)
    return empty, empty
