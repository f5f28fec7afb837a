"""The article's training in torch: torch.nn with fused Adam, and Recurra's own way. Both in this process."""

from __future__ import annotations

from types import ModuleType

import torch
from article import BETAS, EPSILON, LEARNING_RATE, Article
from torch import Tensor, nn
from torch.nn import functional

import recurra.nn
from recurra.training import Adam, Stepper

CLASSES = {"rnn": "RNN", "gru": "GRU", "lstm": "LSTM"}


class Network(nn.Module):
    """A recurrent layer of `library` and a linear layer on its last output: [T, B, F] -> [B, 1]."""

    def __init__(self, library: ModuleType, article: Article) -> None:
        super().__init__()
        self.recurrence = getattr(library, CLASSES[article.cell])(article.inputs, article.hidden)
        self.head = nn.Linear(article.hidden, 1)
        weights = {name: torch.from_numpy(weight) for name, weight in article.weights().items()}
        head = {name: weights.pop(name) for name in ("weight", "bias")}
        self.recurrence.load_state_dict({f"{name}_l0": weight for name, weight in weights.items()})
        self.head.load_state_dict(head)

    def forward(self, x: Tensor) -> Tensor:
        outputs, _ = self.recurrence(x)
        return self.head(outputs[-1])


class TorchTrainer:
    """torch.nn with fused Adam, as a careful user would write it: no synchronisation within an epoch.

    With `one_bias` the second bias of the recurrence stays at zero, as in peers that have one.
    """

    library: ModuleType = nn

    def __init__(self, article: Article, *, one_bias: bool = False) -> None:
        self.article, self.network = article, Network(self.library, article)
        if one_bias:
            self.network.recurrence.bias_hh_l0.requires_grad_(False)
        x, y = (torch.from_numpy(part) for part in article.data())
        self.x, self.y = x.transpose(0, 1).contiguous(), y
        self.prepare()

    def prepare(self) -> None:
        """What stands between gradients and weights."""
        trained = [parameter for parameter in self.network.parameters() if parameter.requires_grad]
        self.adam = torch.optim.Adam(trained, LEARNING_RATE, BETAS, EPSILON, fused=True)

    def step(self, x: Tensor, y: Tensor) -> Tensor:
        """One training step; the loss."""
        loss = squared_error(self.network, x, y)
        self.adam.zero_grad()
        loss.backward()
        self.adam.step()
        return loss.detach()

    def epoch(self, *, shuffled: bool = True) -> float:
        """Every batch once; the mean loss."""
        order = torch.from_numpy(self.article.order(shuffled))
        total = torch.zeros(())
        for rows in order:
            total += self.step(self.x.index_select(1, rows), self.y.index_select(0, rows))
        return total.item() / len(order)


class OurTrainer(TorchTrainer):
    """Recurra's layers, and the training step of `recurra.training`."""

    library = recurra.nn

    def prepare(self) -> None:
        """The stepper takes the place of the optimiser."""
        adam = Adam(LEARNING_RATE, betas=BETAS, eps=EPSILON)
        self.stepper = Stepper(self.network, squared_error, adam, replay=True)

    def step(self, x: Tensor, y: Tensor) -> Tensor:
        """One training step; the loss."""
        return self.stepper.step(x, y)


def squared_error(network: nn.Module, x: Tensor, y: Tensor) -> Tensor:
    """The mean squared error of a batch."""
    return functional.mse_loss(network(x), y)
