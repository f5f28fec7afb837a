"""Training a table row by row."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from recurra.errors import ModelFileError
from recurra.nn.embedding import Embedding
from recurra.training.adam import Adam
from recurra.training.sparse_adam import Rows, large_tables
from recurra.training.stepper import Stepper


class Words(nn.Module):
    def __init__(self, size: int = 1200, width: int = 64) -> None:
        super().__init__()
        torch.manual_seed(0)
        self.table, self.head = Embedding(size, width), nn.Linear(width, 1)

    def forward(self, ids: Tensor) -> Tensor:
        return self.head(self.table(ids).mean(1))


def loss(network: nn.Module, ids: Tensor, y: Tensor) -> Tensor:
    return (network(ids)[:, 0] - y).square().mean()


def twice(network: nn.Module, ids: Tensor, y: Tensor) -> Tensor:
    return loss(network, ids, y) + loss(network, ids.flip(0)[:, 1:], y)


@pytest.mark.parametrize("what", [loss, twice])
def test_rows_that_are_always_read_move_as_the_whole_table_does(what: object) -> None:
    networks = [Words(), Words()]
    adam = Adam(1e-2, eps=1e-4, weight_decay=0.1)  # with the usual eps the sign of a gradient near zero decides
    steppers = [Stepper(n, what, adam, clip_norm=0.05, by_row=k == 1) for k, n in enumerate(networks)]  # type: ignore[arg-type]
    assert len(steppers[1].rows) == 1
    assert not steppers[0].rows
    ids = torch.arange(1200).view(100, 12)
    y = torch.randn(100, generator=torch.Generator().manual_seed(1))
    for _ in range(5):
        losses = [stepper.step(ids, y) for stepper in steppers]
        assert torch.allclose(losses[0], losses[1])
    for a, b in zip(networks[0].parameters(), networks[1].parameters(), strict=True):
        assert torch.allclose(a, b, atol=1e-6)


def test_rows_that_are_not_read_stay() -> None:
    network = Words()
    before = network.table.weight.detach().clone()
    stepper = Stepper(network, loss, Adam(1e-2, weight_decay=0.1), by_row=True)
    stepper.step(torch.tensor([[3, 7, 7]]), torch.ones(1))
    changed = (network.table.weight != before).any(1).nonzero().flatten().tolist()
    assert changed == [3, 7]


def test_a_frozen_table_stays() -> None:
    network = Words()
    network.table.weight.requires_grad_(False)
    before = network.table.weight.clone()
    stepper = Stepper(network, loss, Adam(1e-2, weight_decay=0.1), by_row=True)
    stepper.step(torch.tensor([[3, 7, 7]]), torch.ones(1))
    assert torch.equal(network.table.weight, before)


def test_a_small_table_is_trained_as_a_whole() -> None:
    network = Words(size=100)
    assert not large_tables(network)
    stepper = Stepper(network, loss, by_row=True)
    stepper.step(torch.tensor([[3, 7]]), torch.ones(1))
    assert not network.table.by_row


def test_the_state_goes_on_where_it_was_saved() -> None:
    ids, y = torch.randint(0, 1200, (20, 30), generator=torch.Generator().manual_seed(2)), torch.ones(20)
    whole = Words()
    stepper = Stepper(whole, loss, by_row=True)
    for _ in range(2):
        stepper.step(ids, y)
    saved, weights = ({n: t.clone() for n, t in d.items()} for d in (stepper.tensors(), whole.state_dict()))
    for _ in range(2):
        stepper.step(ids[:10], y[:10])
    again = Words()
    resumed = Stepper(again, loss, by_row=True)
    again.load_state_dict(weights)
    resumed.restore(saved)
    for _ in range(2):
        resumed.step(ids[:10], y[:10])
    assert torch.equal(whole.table.weight, again.table.weight)
    with pytest.raises(ModelFileError, match="another network"):
        Rows(Embedding(10, 3)).restore(saved)


def test_nothing_is_kept_after_the_training() -> None:
    network = Words()
    stepper = Stepper(network, loss, by_row=True)
    stepper.step(torch.tensor([[3, 7]]), torch.ones(1))
    stepper.rows[0].release()
    network(torch.tensor([[3, 7]]))
    assert not network.table.read
    assert network.table.weight.grad is None
