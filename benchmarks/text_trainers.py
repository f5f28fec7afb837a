"""The text classifier of labelled_epoch.py as the estimators train it, and as one writes it in plain PyTorch."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Protocol

import numpy as np
import torch
from labelled_sets import Labelled
from texts import BATCH, EMBEDDING, EPOCHS, HIDDEN, LEARNING_RATE, SPREAD, Texts
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence, pad_sequence

from recurra.data.encoders.reader import Reader
from recurra.data.encoders.tokens import TextEncoder
from recurra.data.examples.inputs import Text
from recurra.data.examples.ragged import Ragged
from recurra.data.labels.classes import Classes
from recurra.nn.sequence import SequenceOptions
from recurra.objectives.classes import ClassObjective
from recurra.tasks.labelled.data import LabelledData
from recurra.tasks.labelled.network import build_network
from recurra.tasks.labelled.problem import SequenceProblem, network_outputs
from recurra.training import Adam, Stepper
from recurra.training.sampler import bucketed

NETWORK = SequenceOptions(hidden=HIDDEN, embedding=EMBEDDING, dropout=0.0)


class Trainer(Protocol):
    """Who learns to tell texts apart."""

    def learn(self) -> float:
        """The accuracy in per cent on the held-out texts, after `EPOCHS` epochs from first weights."""
        ...

    def epoch(self) -> float:
        """One more epoch; its CPU seconds."""
        ...


def read_texts(data: Labelled) -> Texts:
    """The texts of a set by the vocabulary of its first fold's training part."""
    train, test = data.folds[0]
    encoder = TextEncoder.learn(data.X[train], Text(level="words"))
    found = encoder.encode(data.X)
    labels = np.unique(data.y, return_inverse=True)[1]
    return Texts(found.values.astype(np.int64), found.offsets, labels, train, test, len(encoder.tokens) + 1)


def timed(work: Callable[[], object]) -> float:
    """CPU seconds of this process."""
    begin = time.process_time()
    work()
    return time.process_time() - begin


class OurTexts:
    """As the estimators train."""

    def __init__(self, cell: str, texts: Texts) -> None:
        self.cell, self.texts = cell, texts
        self.train, self.test = torch.from_numpy(texts.train), torch.from_numpy(texts.test)

    def learn(self) -> float:
        """As `Trainer`."""
        torch.manual_seed(0)
        self.order = torch.Generator().manual_seed(0)
        texts, objective = self.texts, ClassObjective(Classes(("0", "1")))
        reader = Reader({"text": Text()}, {"text": TextEncoder("words", True, ("",) * (texts.size - 1))})
        data = LabelledData(
            reader, {"text": Ragged(texts.tokens, texts.offsets)}, texts.labels, objective, np.arange(len(texts.labels))
        )
        network = build_network(reader, objective, self.cell, {"text": NETWORK}, (), {})
        self.problem = SequenceProblem(network, data, self.train, self.test, torch.device("cpu"))
        self.stepper = Stepper(network, self.problem.loss, Adam(LEARNING_RATE), by_row=True)
        for _ in range(EPOCHS):
            self._epoch()
        network.eval()
        outputs = network_outputs(network, data.batches, data.lengths, self.test, False)
        network.train()
        return 100 * float((outputs.argmax(axis=1) == texts.labels[texts.test]).mean())

    def epoch(self) -> float:
        """As `Trainer`."""
        return timed(self._epoch)

    def _epoch(self) -> None:
        for numbers in bucketed(self.problem.lengths, BATCH, 0, self.order).split(BATCH):
            self.stepper.step(self.problem.batch(numbers))


class PackedClassifier(nn.Module):
    """Token numbers [B, T] padded with 0, lengths [B] -> logits [B, 2]."""

    def __init__(self, cell: str, size: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(size + 1, EMBEDDING, padding_idx=0)
        with torch.no_grad():
            self.embedding.weight.mul_(SPREAD)
        layer = nn.GRU if cell == "gru" else nn.LSTM
        self.recurrence = layer(EMBEDDING, HIDDEN, batch_first=True, bidirectional=True)
        self.dense = nn.Linear(4 * HIDDEN, 2)

    def forward(self, tokens: Tensor, lengths: Tensor) -> Tensor:
        """The logits."""
        packed = pack_padded_sequence(self.embedding(tokens), lengths, batch_first=True, enforce_sorted=False)
        h, _ = pad_packed_sequence(self.recurrence(packed)[0], batch_first=True)
        ended = (torch.arange(h.shape[1]) >= lengths.unsqueeze(1)).unsqueeze(2)
        mean = h.sum(1) / lengths.unsqueeze(1)
        largest = h.masked_fill(ended, -torch.inf).amax(1)
        return self.dense(torch.cat([mean, largest], dim=1))


class TorchTexts:
    """Plain PyTorch: packed batches, fused Adam; in random order, or texts of about equal length together."""

    def __init__(self, cell: str, texts: Texts, *, like_with_like: bool) -> None:
        self.cell, self.texts, self.like_with_like = cell, texts, like_with_like
        self.rows = [torch.from_numpy(row + 1) for row in texts.rows(np.arange(len(texts.labels)))]
        self.labels, self.train = torch.from_numpy(texts.labels), torch.from_numpy(texts.train)

    def learn(self) -> float:
        """As `Trainer`."""
        torch.manual_seed(0)
        self.order = torch.Generator().manual_seed(0)
        self.network = PackedClassifier(self.cell, self.texts.size)
        self.adam = torch.optim.Adam(self.network.parameters(), lr=LEARNING_RATE, fused=True)
        for _ in range(EPOCHS):
            self._epoch()
        self.network.eval()
        with torch.no_grad():
            right = [self._logits(numbers).argmax(1) == self.labels[numbers] for numbers in self._tested()]
        self.network.train()
        return 100 * float(torch.cat(right).float().mean())

    def epoch(self) -> float:
        """As `Trainer`."""
        return timed(self._epoch)

    def _epoch(self) -> None:
        for numbers in self._batches():
            self.adam.zero_grad()
            nn.functional.cross_entropy(self._logits(numbers), self.labels[numbers]).backward()
            self.adam.step()

    def _batches(self) -> tuple[Tensor, ...]:
        lengths = torch.from_numpy(self.texts.lengths(self.texts.train))
        if self.like_with_like:
            order = bucketed(lengths, BATCH, 0, self.order)
        else:
            order = torch.randperm(len(lengths), generator=self.order)
        return self.train[order.long()].split(BATCH)

    def _tested(self) -> tuple[Tensor, ...]:
        return torch.from_numpy(self.texts.test).split(256)

    def _logits(self, numbers: Tensor) -> Tensor:
        rows = [self.rows[k] for k in numbers.tolist()]
        return self.network(pad_sequence(rows, batch_first=True), torch.tensor([len(row) for row in rows]))
