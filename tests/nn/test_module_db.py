"""PyTorch's own samples for RNN, GRU and LSTM (`module_db`), on Recurra's layers."""

from __future__ import annotations

import copy
from typing import Any

import pytest
import torch
from tests.nn.pairs import Ran
from torch.testing._internal.common_modules import ModuleErrorEnum, module_db

import recurra as rc
from recurra.kernels import chooser

COUNT = {"RNN": 32, "GRU": 16, "LSTM": 32}
INFOS: dict[str, Any] = {info.module_cls.__name__: info for info in module_db if info.module_cls.__name__ in COUNT}
every_name = pytest.mark.parametrize("name", list(COUNT))


def leaves(value: Any) -> list[torch.Tensor]:
    """Every tensor inside."""
    if isinstance(value, torch.Tensor):
        return [value]
    return [leaf for item in value for leaf in leaves(item)] if isinstance(value, tuple | list) else []


def sum_of_squares(tensors: list[torch.Tensor]) -> torch.Tensor:
    return torch.stack([tensor.square().sum() for tensor in tensors]).sum()


def samples(name: str, dtype: torch.dtype, training: bool) -> list[Any]:
    info = INFOS[name]
    torch.manual_seed(0)  # they are drawn: whatever ran before, the same
    return info.module_inputs_func(info, device="cpu", dtype=dtype, requires_grad=True, training=training)


@pytest.mark.slow
@pytest.mark.skipif(bool(chooser.NO_ENGINE), reason="the C++ engine is not built here")
@pytest.mark.filterwarnings("ignore:LSTM with projections is not supported with oneDNN")
@every_name
@pytest.mark.parametrize("training", [True, False])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-12), (torch.float32, 2e-6)])
def test_samples(name, dtype, tolerance, training):
    found = samples(name, dtype, training)
    assert len(found) == COUNT[name]
    for sample in found:
        torch.manual_seed(0)
        arguments, keywords = sample.constructor_input.args, sample.constructor_input.kwargs
        theirs = getattr(torch.nn, name)(*arguments, **keywords).to(dtype).train(training)
        ours = getattr(rc.nn, name)(*arguments, **keywords).to(dtype).train(training)
        ours.load_state_dict(theirs.state_dict())
        given = sample.forward_input
        with rc.backend("cpu"), Ran() as ran:
            results = ours(*given.args, **given.kwargs)
        assert ran.counts == {"cpu": len(ours._all_weights)}
        expected = theirs(*copy.deepcopy(given.args), **given.kwargs)
        torch.testing.assert_close(leaves(results), leaves(expected), rtol=tolerance, atol=tolerance)
        if sample.reference_fn is not None:
            own = sample.reference_fn(ours, *given.args, **given.kwargs)
            torch.testing.assert_close(leaves(results), leaves(own), rtol=tolerance, atol=tolerance)
        inputs = leaves(given.args)
        gradients = [
            torch.autograd.grad(sum_of_squares(leaves(each)), [*inputs, *layer.parameters()])
            for layer, each in ((ours, results), (theirs, theirs(*given.args, **given.kwargs)))
        ]
        torch.testing.assert_close(gradients[0], gradients[1], rtol=10 * tolerance, atol=10 * tolerance)


@every_name
def test_wrong_arguments_raise_what_torch_raises(name):
    info = INFOS[name]
    wrong = info.module_error_inputs_func(info, device="cpu", dtype=torch.float32, requires_grad=False, training=True)
    assert len(wrong) >= 10
    for sample in wrong:
        made, given = sample.module_error_input.constructor_input, sample.module_error_input.forward_input
        if sample.error_on == ModuleErrorEnum.CONSTRUCTION_ERROR:
            with pytest.raises(sample.error_type, match=sample.error_regex):
                getattr(rc.nn, name)(*made.args, **made.kwargs)
        else:  # torch's message about a dtype, in our own words
            layer = getattr(rc.nn, name)(*made.args, **made.kwargs)
            with pytest.raises(sample.error_type, match=r"input has dtype .*expected.*input\.to\(.*layer\.to\("):
                layer(*given.args, **given.kwargs)
