"""A network and a loss of the user's own inside an estimator: what is asked of them, checked where it is used."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from recurra.errors import InputError
from recurra.language import _
from recurra.nn.network import Network

Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True)
class OwnParts:
    """What the user gave in place of ours: a factory of networks, and a loss; None where ours is taken."""

    network: Callable[..., nn.Module] | None = None
    loss: Loss | None = None


class OwnNetwork(Network):
    """The user's module in the place of ours; `shape` says what it must give, the last size is `last`."""

    def __init__(self, module: nn.Module, shape: str, last: int, name: str) -> None:
        super().__init__()
        self.module, self.shape, self.last, self.name = module, shape, last, name
        self.inputs: Any = None  # of a forecaster, as the factory was given them

    @property
    def why_not_causal(self) -> str:
        """A module of the user's has no step that we know of."""
        return _("it is a module of your own, which does not say how it continues from one step to the next")

    def forward(self, inputs: Any, state: None = None) -> tuple[Tensor, None]:
        """What the module gives for a batch, and no state."""
        found = self.module(inputs)
        dims = self.shape.count(",") + 1
        if not isinstance(found, Tensor) or found.dim() != dims or found.shape[-1] != self.last:
            what = f"of shape {list(found.shape)}" if isinstance(found, Tensor) else f"a {type(found).__name__}"
            raise InputError(f"network={self.name} gave outputs {what}: expected {self.shape}, the last {self.last}")
        return found, None

    def evaluated(self, inputs: Any) -> Tensor:
        """As `forward`, in float64."""
        return self(inputs)[0].double()

    def hidden(self, inputs: Any) -> Tensor:
        """What the module's own `hidden` gives for a batch."""
        found: Callable[[Any], Tensor] | None = getattr(self.module, "hidden", None)
        if not callable(found):
            raise InputError(
                f"the network {self.name} has no hidden(inputs): give it one that returns its states, to use transform"
            )
        return found(inputs)

    def known(self) -> dict[str, Tensor]:
        """Which tokens it knows is the module's own matter."""
        return {}


def own_network(factory: Callable[..., nn.Module], *given: Any, shape: str, last: int) -> OwnNetwork:
    """The network that a factory makes; raises InputError where it makes none that can be trained."""
    _refuse_uncallable("network", factory, *("inputs", "outputs")[: len(given)])
    module, name = factory(*given), name_of(factory)
    if not isinstance(module, nn.Module):
        raise InputError(f"network={name} made a {type(module).__name__}: expected a torch.nn.Module")
    if not any(parameter.requires_grad for parameter in module.parameters()):
        raise InputError(f"network={name} made a module without a parameter to train")
    return OwnNetwork(module, shape, last, name)


def checked_loss(value: object, what: object) -> Tensor:
    """The value of a loss of the user's own; raises InputError for what is no scalar tensor."""
    if isinstance(value, Tensor) and value.dim() == 0:
        return value
    found = f"a tensor of shape {list(value.shape)}" if isinstance(value, Tensor) else f"a {type(value).__name__}"
    raise InputError(f"loss={name_of(what)} gave {found}: expected a scalar tensor, the mean over the batch")


def check_own(network: object, loss: object) -> None:
    """Raise InputError for a finished module in place of a factory, and for a loss that cannot be called."""
    if isinstance(network, nn.Module):
        raise InputError(
            f"network is a {type(network).__name__} that is already made: expected what makes one, such as its class, "
            "since every member of the ensemble has weights of its own"
        )
    if loss is not None and not callable(loss):
        raise InputError(f"loss is {loss!r}: expected a callable of outputs and truth, or None for the estimator's own")
    if loss is not None:
        _refuse_uncallable("loss", loss, "outputs", "truth")


def _refuse_uncallable(argument: str, maker: Callable[..., Any], *names: str) -> None:
    """Raise InputError for a callable that cannot be given these arguments by position, where that can be known."""
    try:
        signature = inspect.signature(maker)
    except (TypeError, ValueError):  # a builtin tells nothing of its arguments
        return
    try:
        signature.bind(*names)
    except TypeError:
        raise InputError(
            f"{argument}={name_of(maker)} takes {signature}: expected what can be called as "
            f"{name_of(maker)}({', '.join(names)})"
        ) from None


def name_of(maker: object) -> str:
    """How a factory or a loss is called."""
    return str(getattr(maker, "__qualname__", type(maker).__name__))
