"""The fused Adam against Keras' own, and everything that is left to Keras."""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import keras
import pytest
import torch

from recurra.keras import optimiser


@pytest.fixture
def fused(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many variables each fused call has moved."""
    seen: list[int] = []
    own = torch._fused_adam_  # pyright: ignore[reportPrivateImportUsage]

    def counted(values: Any, *args: Any, **options: Any) -> None:
        seen.append(len(values))
        own(values, *args, **options)

    monkeypatch.setattr(torch, "_fused_adam_", counted)
    return seen


def fuse(**options: Any) -> Any:
    """Keras' Adam that steps by ours."""
    adam: Any = keras.optimizers.Adam(**options)
    adam.apply = partial(optimiser.apply, adam)
    return adam


def walk(optimizer: Any, steps: int = 20, dtype: str = "float32", **of_variables: Any) -> list[torch.Tensor]:
    """Where three variables stand after some steps on gradients that are always the same; one lies transposed."""
    generator = torch.Generator().manual_seed(0)
    kwargs = {"generator": generator, "dtype": getattr(torch, dtype)}
    values = [torch.randn(3, 4, **kwargs), torch.randn(5, **kwargs), torch.randn(4, 3, **kwargs).t()]
    variables = [keras.Variable(value, dtype=dtype) for value in values]
    for variable in variables:
        for name, value in of_variables.items():
            setattr(variable, name, value)
    for step in range(steps):
        grads = [torch.randn(tuple(v.shape), **kwargs) * 10.0 ** (-step % 5) for v in variables]
        optimizer.apply(grads, variables)
    assert int(optimizer.iterations) == steps // (optimizer.gradient_accumulation_steps or 1)
    return [variable.value.detach() for variable in variables]


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"learning_rate": 0.1, "beta_1": 0.5, "beta_2": 0.9, "epsilon": 1e-2},
        {"learning_rate": keras.optimizers.schedules.ExponentialDecay(0.01, 5, 0.5)},
    ],
    ids=["default", "other numbers", "schedule"],
)
def test_the_same_steps_as_keras(options: dict[str, Any], dtype: str, fused: list[int]) -> None:
    ours = fuse(**options)
    found, expected = walk(ours, dtype=dtype), walk(keras.optimizers.Adam(**options), dtype=dtype)
    assert fused == [3] * 19  # Keras builds its moments in the first
    for ours_now, theirs in zip(found, expected, strict=True):
        torch.testing.assert_close(ours_now, theirs, rtol=1e-5, atol=1e-6)


def test_moments_mean_the_same_to_keras(fused: list[int]) -> None:
    mixed: Any = keras.optimizers.Adam()
    ways = itertools.cycle([mixed.apply, partial(optimiser.apply, mixed), partial(optimiser.apply, mixed)])
    mixed.apply = lambda grads, variables: next(ways)(grads, variables)
    for found, expected in zip(walk(mixed), walk(keras.optimizers.Adam()), strict=True):
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-6)
    assert len(fused) == 13


@pytest.mark.parametrize(
    "options",
    [
        {"amsgrad": True},
        {"weight_decay": 0.01},
        {"clipnorm": 0.1},
        {"clipvalue": 0.1},
        {"global_clipnorm": 0.1},
        {"use_ema": True},
        {"gradient_accumulation_steps": 2},
        {"loss_scale_factor": 4.0},
    ],
    ids=lambda options: next(iter(options)),
)
def test_options_are_left_to_keras(options: dict[str, Any], fused: list[int]) -> None:
    ours = fuse(**options)
    for found, expected in zip(walk(ours), walk(keras.optimizers.Adam(**options)), strict=True):
        assert found.equal(expected)
    assert not fused


def test_constraints_are_left_to_keras(fused: list[int]) -> None:
    ours = fuse(learning_rate=0.1)
    assert all((value >= 0).all() for value in walk(ours, constraint=keras.constraints.NonNeg()))
    assert not fused


@pytest.mark.filterwarnings("ignore:Gradients do not exist:UserWarning")
def test_a_gradient_that_is_missing_is_left_to_keras(fused: list[int]) -> None:
    variables = [keras.Variable(torch.ones(2)), keras.Variable(torch.ones(2))]
    ours = fuse(learning_rate=0.1)
    for _ in range(2):
        ours.apply([torch.ones(2), None], variables)
    assert variables[1].value.tolist() == [1.0, 1.0]
    assert not fused


def test_a_variable_that_the_optimiser_does_not_know_is_refused_in_keras_words(fused: list[int]) -> None:
    one, other = (keras.Variable(torch.ones(2)) for _ in range(2))
    for ours in (keras.optimizers.Adam(), fuse()):
        ours.apply([torch.ones(2)], [one])
        with pytest.raises(ValueError, match=r"(?s)Unknown variable: .*recreate a new optimizer instance"):
            ours.apply([torch.ones(2)], [other])
    assert not fused


def test_an_apply_that_somebody_put_on_the_optimiser_is_the_one() -> None:
    adam: Any = keras.optimizers.Adam()
    assert optimiser.apply_of(adam).func is optimiser.apply
    adam.apply = own = partial(print, "mine")
    assert optimiser.apply_of(adam) is own
