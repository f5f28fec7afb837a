"""Both directions at once: the bits of one after the other, errors, forks, and when a second thread is not asked."""

from __future__ import annotations

import os
import threading

import pytest
import torch

import recurra as rc
from recurra.kernels import chooser, function, pairs
from recurra.kernels.pairs import at_once, both
from recurra.training.threads import fitting_threads

needs_engine = pytest.mark.skipif(bool(chooser.NO_ENGINE), reason="the C++ engine is not there")


def all_of(layer: torch.nn.Module, x: torch.Tensor, **given: object) -> list[torch.Tensor]:
    """Outputs, last states and every gradient."""
    layer.zero_grad()
    x = x.detach().requires_grad_()
    torch.manual_seed(1)
    outputs, last = layer(x, **given)
    states = [last] if isinstance(last, torch.Tensor) else list(last)
    sum((each.square().sum() for each in (outputs, *states)), torch.zeros(())).backward()
    return [outputs.detach(), *(each.detach() for each in states), x.grad, *(p.grad for p in layer.parameters())]  # type: ignore[list-item]


@needs_engine
@pytest.mark.parametrize("kind", ["RNN", "GRU", "LSTM"])
@pytest.mark.parametrize("given", ["plain", "lengths", "states", "dropout", "float64"])
def test_the_same_bits_as_one_after_the_other(kind: str, given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "WORTH", 0.0)
    torch.manual_seed(0)
    options = {"regularisation": rc.nn.Regularisation(recurrent_dropout=0.3)} if given == "dropout" else {}
    layer = getattr(rc.nn, kind)(5, 7, num_layers=2, bidirectional=True, **options)
    x = torch.randn(9, 4, 5)
    if given == "float64":
        layer, x = layer.double(), x.double()
    more: dict[str, object] = {}
    if given in ("lengths", "dropout"):
        more["lengths"] = torch.tensor([9, 3, 5, 1])
    if given == "states":
        state = torch.randn(4, 4, 7)
        more["hx"] = (state, torch.randn(4, 4, 7)) if kind == "LSTM" else state
    alone = all_of(layer, x, **more)
    ran = []
    monkeypatch.setattr(function, "both", lambda *works: ran.append(len(works)) or both(*works))
    with at_once(True):
        together = all_of(layer, x, **more)
    assert ran == [2] * 4  # two layers, forward and backward
    assert all(torch.equal(one, other) for one, other in zip(alone, together, strict=True))


@pytest.mark.slow
@needs_engine
def test_a_gradient_is_differentiated_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pairs, "WORTH", 0.0)
    layer = rc.nn.GRU(3, 4, bidirectional=True).double()
    x = torch.randn(5, 2, 3, dtype=torch.float64, requires_grad=True)
    with at_once(True):
        assert torch.autograd.gradgradcheck(lambda x: layer(x)[0], (x,))


def test_both_are_done_whoever_does_them_and_the_first_error_is_raised() -> None:
    def fails() -> int:
        raise ValueError("no")

    assert both(lambda: 1, lambda: 2) == (1, 2)
    for first, second in ((fails, lambda: 2), (lambda: 1, fails)):
        with pytest.raises(ValueError, match="no"):
            both(first, second)
    assert both(threading.get_ident, lambda: torch.is_grad_enabled()) == (threading.get_ident(), False)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork here")
def test_a_forked_process_has_a_second_thread_of_its_own() -> None:
    both(lambda: 1, lambda: 2)
    child = os.fork()
    if not child:
        os._exit(0 if both(lambda: 1, lambda: 2) == (1, 2) else 1)
    assert os.waitpid(child, 0)[1] == 0


def test_a_second_thread_is_asked_only_where_torch_may_have_two(monkeypatch: pytest.MonkeyPatch) -> None:
    network, before = torch.nn.Linear(2, 2), torch.get_num_threads()
    try:
        for threads in (1, 2):
            torch.set_num_threads(threads)
            with fitting_threads(network):
                assert torch.get_num_threads() == 1
                assert pairs.allowed() == (threads == 2)
                with fitting_threads(network):
                    assert pairs.allowed() == (threads == 2)
            assert not pairs.allowed()
    finally:
        torch.set_num_threads(before)
