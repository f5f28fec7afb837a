"""From what an example holds to features: of every step for a sequence, of the whole for an image or for columns.

    tokens   x_t = E[id_t]                              word dropout: id_t = 0, the unknown word, in training
    numbers  x_t as it is
    sound    strided convolutions: one step of features for every so many samples
    image    convolutions, the mean over the image
    columns  numbers and embedded categories through one layer

A convolution over steps is the article's RNN with CNN: local features first, recurrence over them.

    y_t = [x_t, GELU(b + sum_k W_k x_{t + k - K/2})]    K neighbours, rows zero beyond their ends
    z_s = max of y_t for t = S s .. S s + S - 1         S steps become one
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional

from recurra.nn.embedding import Embedding, Embeddings

_SIZE = 0.3  # the standard deviation of an embedding at random
_SOUND = ((9, 4), (9, 4), (9, 4))  # kernel and stride of each convolution over samples


def step_mask(lengths: Tensor, steps: int) -> Tensor:
    """[T, B], whether a step is before its row's end."""
    return torch.arange(steps, device=lengths.device).unsqueeze(1) < lengths


def sinusoidal_encoding(like: Tensor, count: int) -> Tensor:
    """[T, B, 2 count] for `like` [T, B, .]: sines and cosines of a step's number, of wave lengths from 4 to 4,096."""
    steps = torch.arange(len(like), dtype=like.dtype, device=like.device)
    lengths = torch.logspace(2, 12, count, base=2, dtype=like.dtype, device=like.device)
    angles = 2 * math.pi * steps.unsqueeze(1) / lengths
    return torch.cat([angles.sin(), angles.cos()], dim=1).unsqueeze(1).expand(-1, like.shape[1], -1)


class TokenFrontEnd(nn.Module):
    """Token ids [T, B] -> [T, B, E].

    `known` [V + 1] says which tokens occur in the training examples; the others are read as the unknown token 0, with
    `replaced` of the known ones in training, so that it learns what an unknown token is.
    """

    def __init__(self, size: int, width: int, replaced: float, vectors: Tensor | None = None) -> None:
        super().__init__()
        self.table = Embedding(size + 1, width)
        with torch.no_grad():
            self.table.weight.mul_(_SIZE)
            if vectors is not None:
                given = torch.isfinite(vectors).all(1)
                self.table.weight[given] = vectors[given]
        self.replaced, self.width = replaced, width
        self.known: Tensor
        self.register_buffer("known", torch.ones(size + 1, dtype=torch.bool))

    def forward(self, ids: Tensor) -> Tensor:
        """The embedded tokens."""
        ids = ids * self.known[ids]
        if self.training and self.replaced:
            ids = ids * (torch.rand(ids.shape, device=ids.device) >= self.replaced)
        return self.table(ids)


class NumberFrontEnd(nn.Module):
    """Numbers [T, B, F] as they are."""

    def __init__(self, features: int) -> None:
        super().__init__()
        self.width = features

    def forward(self, values: Tensor) -> Tensor:
        """The same."""
        return values


class StepConvolution(nn.Module):
    """[T, B, C] -> [T', B, C + C']: the steps, and what neighbours have in common, for each width of `kernels`.

    T' = ceil(T / S): of every S = `shrink` steps the largest value of each feature is kept.
    """

    def __init__(self, channels: int, width: int, kernels: tuple[int, ...], shrink: int = 1) -> None:
        super().__init__()
        each = -(-width // len(kernels))
        self.shrink, self.widths = shrink, kernels
        self.width = channels + each * len(kernels)
        self.convolutions = nn.ModuleList(nn.Conv1d(channels, each, k, padding="same") for k in kernels)

    def forward(self, x: Tensor, alive: Tensor) -> Tensor:
        """`alive` [T, B]: steps before the end of their row; what comes after ceil(its length / S) is 0 if S > 1."""
        across = (x * alive.unsqueeze(-1)).permute(1, 2, 0)  # [B, C, T]
        found = torch.cat([convolution(across) for convolution in self.convolutions], dim=1)
        if self.shrink == 1:
            return torch.cat([x, functional.gelu(found.permute(2, 0, 1))], dim=-1)
        every = torch.cat([across, functional.gelu(found)], dim=1)
        ended = torch.zeros_like(every[:, :1]).masked_fill_(~alive.T.unsqueeze(1), -math.inf)
        largest = functional.max_pool1d(every + ended, self.shrink, ceil_mode=True).permute(2, 0, 1)
        return largest.masked_fill(~alive[:: self.shrink].unsqueeze(-1), 0.0)


class SoundFrontEnd(nn.Module):
    """Samples [T, B, 1] -> [T', B, C] with T' = ceil(T / 64)."""

    def __init__(self, width: int) -> None:
        super().__init__()
        channels = (1, *([width] * len(_SOUND)))
        self.convolutions = nn.ModuleList(
            nn.Conv1d(channels[k], channels[k + 1], kernel, stride, padding=kernel // 2)
            for k, (kernel, stride) in enumerate(_SOUND)
        )
        self.width = width

    def forward(self, samples: Tensor, lengths: Tensor) -> tuple[Tensor, Tensor]:
        """The features and how many steps of them each row has."""
        x = samples.permute(1, 2, 0)
        for convolution, (_, stride) in zip(self.convolutions, _SOUND, strict=True):
            alive = step_mask(lengths, x.shape[-1]).T.unsqueeze(1)
            x = functional.gelu(convolution(x * alive))
            lengths = -(-lengths // stride)
        return x.permute(2, 0, 1), lengths


class ImageFrontEnd(nn.Module):
    """Images [B, C, H, W] -> [B, width]: three convolutions of 3 x 3, halved in size between them, and their mean."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        widths = (channels, max(8, width // 4), max(8, width // 2), width)
        self.convolutions = nn.ModuleList(nn.Conv2d(widths[k], widths[k + 1], 3, padding=1) for k in range(3))
        self.width = width

    def forward(self, images: Tensor) -> Tensor:
        """What the images show."""
        x = images
        for k, convolution in enumerate(self.convolutions):
            if k and min(x.shape[-2:]) > 1:
                x = functional.max_pool2d(x, 2, ceil_mode=True)
            x = functional.gelu(convolution(x))
        return x.mean((-2, -1))


class ColumnFrontEnd(nn.Module):
    """Numbers [B, N] and category codes [B, C] -> [B, width]."""

    def __init__(self, numbers: int, categories: tuple[int, ...], width: int) -> None:
        super().__init__()
        self.embeddings = Embeddings(categories)
        self.layer = nn.Linear(numbers + self.embeddings.width, width)
        self.width = width

    def embedded(self, numbers: Tensor, codes: Tensor) -> Tensor:
        """Numbers, and the categories embedded [B, N + embeddings]: what can be differentiated."""
        return torch.cat([numbers, self.embeddings(codes)], dim=-1)

    def read(self, embedded: Tensor) -> Tensor:
        """What the columns say, from what `embedded` gave."""
        return functional.gelu(self.layer(embedded))

    def forward(self, numbers: Tensor, codes: Tensor) -> Tensor:
        """What the columns say."""
        return self.read(self.embedded(numbers, codes))
