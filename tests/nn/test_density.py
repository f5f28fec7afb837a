"""The density of the next row: columns that hold their value have a probability of no change, and a density beside."""

from __future__ import annotations

import torch
from torch import Tensor

from recurra.nn.density import DensityNetwork, DensityOptions, Given


def network_of(holds: list[bool], components: int = 3) -> DensityNetwork:
    torch.manual_seed(0)
    network = DensityNetwork(len(holds), "gru", DensityOptions(hidden=5, components=components), holds=holds).double()
    with torch.no_grad():  # at the start two components are almost points: wide enough to be added up on a grid
        network.bias.view(len(holds), 3, components)[:, 2] = 1.0
    return network.eval()


def given_by(network: DensityNetwork) -> Given:
    """What the row after four drawn ones follows from: [1, ...] each."""
    x = torch.randn(4, 1, network.columns, dtype=torch.float64)
    found, _state = network(x, torch.cat([torch.zeros_like(x[:1]), x.diff(dim=0)]))
    return Given(*(part[-1] for part in found))


def many(given: Given, count: int) -> Given:
    return Given(*(part.expand(count, -1) for part in given))


def density(network: DensityNetwork, given: Given, changes: Tensor) -> Tensor:
    with torch.no_grad():
        return network.log_density(many(given, len(changes)), changes).exp()


def test_probability_of_no_change_and_the_density_beside_it_make_one() -> None:
    network = network_of([True])
    given = given_by(network)
    grid = torch.linspace(-20, 20, 40_001, dtype=torch.float64).unsqueeze(1)
    grid = grid[grid[:, 0] != 0]
    still = density(network, given, torch.zeros(1, 1, dtype=torch.float64))
    moving = density(network, given, grid).sum() * 1e-3
    assert 0.05 < float(still) < 0.95
    torch.testing.assert_close(still[0] + moving, torch.ones((), dtype=torch.float64), rtol=0, atol=2e-3)


def test_a_column_that_never_holds_has_a_density_alone() -> None:
    network = network_of([False])
    given = given_by(network)
    grid = torch.linspace(-20, 20, 40_001, dtype=torch.float64).unsqueeze(1)
    torch.testing.assert_close(
        density(network, given, grid).sum() * 1e-3, torch.ones((), dtype=torch.float64), rtol=0, atol=2e-3
    )


def test_changes_are_none_as_often_as_said() -> None:
    network = network_of([True])
    given = given_by(network)
    drawn = network.draw(many(given, 20_000), torch.Generator().manual_seed(1))
    still = density(network, given, torch.zeros(1, 1, dtype=torch.float64))
    assert abs(float((drawn == 0).double().mean()) - float(still)) < 0.015


def test_a_column_that_never_holds_always_changes() -> None:
    network = network_of([True, False])
    given = given_by(network)
    drawn = network.draw(many(given, 2_000), torch.Generator().manual_seed(1))
    assert (drawn[:, 0] == 0).any()
    assert not (drawn[:, 1] == 0).any()


def test_gradients_are_finite_whether_a_column_holds_or_moves() -> None:
    network = network_of([True, True])
    given = given_by(network)
    changes = torch.tensor([[0.0, 0.0], [0.0, 0.5], [0.5, 0.0], [-0.5, 9.0]], dtype=torch.float64)
    network.log_density(many(given, 4), changes).sum().backward()
    assert all(torch.isfinite(p.grad).all() for p in network.parameters() if p.grad is not None)


def test_two_components_are_a_density_even_of_a_column_that_holds() -> None:
    network = network_of([True], components=2)
    given = given_by(network)
    with torch.no_grad():
        drawn = network.draw(many(given, 100), torch.Generator().manual_seed(1))
    assert not (drawn == 0).any()
