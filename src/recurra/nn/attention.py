"""Attention of decoder steps to encoder steps, above a recurrence, so that a whole sequence of queries is one product.

    multiplicative  e_ts = q_t . k_s / sqrt(d)              Luong et al. (2015); scaled: Vaswani et al. (2017)
    additive        e_ts = v . tanh(q_t + k_s)              Bahdanau et al. (2015)
    a_t = softmax_s(e_t),  c_t = sum_s a_ts m_s

with q = W_q h, k = W_k m, each cut into heads. Neither form feeds c_t back into the step that makes q_t: the recurrence
below runs over all steps in one call of its kernel, and so does the one above.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from recurra.errors import InputError

Form = Literal["multiplicative", "additive"]


class Attention(nn.Module):
    """Queries [B, T, Q] to a memory [B, S, M] of which some steps are there -> contexts [B, T, M], shares [B, T, S].

    Heads are averaged in the shares, which say what a step looked at.
    """

    def __init__(self, query: int, memory: int, *, heads: int = 1, form: Form = "multiplicative") -> None:
        super().__init__()
        if memory % heads:
            raise InputError(f"heads is {heads}: expected a divisor of the memory's width, {memory}")
        if form not in ("multiplicative", "additive"):
            raise InputError(f"form is {form!r}: expected multiplicative or additive")
        self.heads, self.form = heads, form
        self.query = nn.Linear(query, memory, bias=False)
        self.key = nn.Linear(memory, memory, bias=False)
        each = memory // heads
        self.score = nn.Parameter(nn.init.normal_(torch.empty(heads, 1, 1, each), std=each**-0.5))
        self.score.requires_grad_(form == "additive")

    def keys(self, memory: Tensor) -> Tensor:
        """What queries are compared with [B, heads, S, d], once for all of them."""
        return self._cut(self.key(memory))

    def forward(self, queries: Tensor, keys: Tensor, memory: Tensor, there: Tensor | None) -> tuple[Tensor, Tensor]:
        """`there` [B, S] says which steps of the memory are, of each row at least one; None: all of them."""
        return self.attend(self.query(queries), keys, memory, there)

    def attend(self, asked: Tensor, keys: Tensor, memory: Tensor, there: Tensor | None) -> tuple[Tensor, Tensor]:
        """The same of queries that are projected already [B, T, M]."""
        asked = self._cut(asked)  # [B, heads, T, d]
        if self.form == "additive":
            scores = ((asked.unsqueeze(3) + keys.unsqueeze(2)).tanh() * self.score.to(asked.dtype)).sum(-1)
        else:
            scores = asked @ keys.transpose(2, 3) / math.sqrt(keys.shape[-1])
        scores = scores.float()
        if there is not None:
            scores = scores.masked_fill(~there[:, None, None], -math.inf)
        shares = scores.softmax(-1)
        contexts = shares.to(memory.dtype) @ self._cut(memory)  # [B, heads, T, d]
        return contexts.transpose(1, 2).flatten(2), shares.mean(1)

    def _cut(self, x: Tensor) -> Tensor:
        return x.unflatten(-1, (self.heads, -1)).transpose(1, 2)


class Sought:
    """What the queries of single steps look for: the memory of B sources as NumPy has it, without gradients.

    `look` computes what `Attention.attend` does, of a few rows in a fifth of the time.
    """

    def __init__(self, attention: Attention, memory: Tensor, there: Tensor) -> None:
        keys = attention.keys(memory)  # [B, heads, S, d]
        self._heads, self._additive = attention.heads, attention.form == "additive"
        if self._additive:
            self._keys, self._score = keys.unsqueeze(2).numpy(), attention.score.detach().numpy()
        else:
            self._keys = (keys.transpose(2, 3) / math.sqrt(keys.shape[-1])).contiguous().numpy()
        self._values = attention._cut(memory).contiguous().numpy()
        self._beyond = (
            None if bool(there.all()) else np.where(there.numpy(), np.float32(0), np.float32(-np.inf))[:, None, None]
        )

    def look(self, asked: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
        """Projected queries [R, M], as many rows in a row of each source -> contexts [R, M]."""
        queries = asked.reshape(len(self._values), -1, self._heads, self._values.shape[-1]).transpose(0, 2, 1, 3)
        if self._additive:
            scores = (np.tanh(queries[:, :, :, None] + self._keys) * self._score).sum(-1)
        else:
            scores = queries @ self._keys
        if self._beyond is not None:
            scores = scores + self._beyond
        shares = np.exp(scores - scores.max(axis=-1, keepdims=True))
        contexts = shares @ self._values / shares.sum(axis=-1, keepdims=True)
        return contexts.transpose(0, 2, 1, 3).reshape(asked.shape)

    def take(self, sources: npt.NDArray[np.int64]) -> None:
        """Go on with some of the sources."""
        self._keys, self._values = self._keys[sources], self._values[sources]
        if self._beyond is not None:
            self._beyond = self._beyond[sources]
