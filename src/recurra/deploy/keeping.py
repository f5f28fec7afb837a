"""What model files of every task hold alike: a header, parts by name, and the weights of an ensemble.

header              what is said of the model as a whole
NAME                a part: a dataclass as `parts.taken_apart` gives it, its arrays among the tensors as NAME/...
weights/K/...       the state dict of network K
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import get_ident
from typing import Any, TypeVar

import torch
from pydantic import ValidationError
from torch import Tensor, nn
from torch.nn.modules.module import register_module_parameter_registration_hook
from torch.overrides import TorchFunctionMode

from recurra.deploy.model_file import Contents
from recurra.deploy.parts import Given, put_together, taken_apart
from recurra.errors import ModelFileError
from recurra.language import _
from recurra.nn.own import OwnNetwork

_MOST = 1000  # networks
_REASON = 300  # characters
Network = TypeVar("Network", bound=nn.Module)


@dataclass(frozen=True)
class Header:
    """What is said of the model as a whole; `own_network` names the factory of the user's that made its networks."""

    made_by: str
    verdict: str | None
    members: int
    own_network: str | None = None

    def check(self) -> None:
        """Refuse more networks than an ensemble has."""
        if not 0 <= self.members <= _MOST:
            raise ModelFileError(_("it claims {members} members", members=self.members))


@contextmanager
def _no_more_than(tensors: int) -> Iterator[None]:
    """Refuse a network as soon as it has clearly more parameters than the file has tensors for it.

    Such a file claims thousands of layers, which would take minutes to build.
    """
    made, most, thread = 0, 2 * tensors + 100, get_ident()

    def count(_module: nn.Module, _name: str, _parameter: nn.Parameter | None) -> None:
        nonlocal made
        made += get_ident() == thread
        if made > most:
            raise ModelFileError(
                _(
                    "its network would have more than {most} tensors of weights, and it holds {tensors}",
                    most=most,
                    tensors=tensors,
                )
            )

    hook = register_module_parameter_registration_hook(count)
    try:
        yield
    finally:
        hook.remove()


class _Undrawn(TorchFunctionMode):
    """Initial weights stay undrawn, since the file has them.

    Arithmetic on tensors without memory, of which a normal distribution is some, makes torch import its compiler:
    80 MB, and about a second of every `predict`. Networks of ours have none where they are made.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        kwargs = kwargs or {}
        if func is Tensor.normal_ or getattr(func, "__module__", None) == nn.init.__name__:
            return args[0] if args else kwargs["tensor"]
        return func(*args, **kwargs)


class Keeper:
    """Collects what goes into a model file."""

    def __init__(self) -> None:
        self.config: dict[str, Any] = {}
        self.tensors: dict[str, Tensor] = {}

    def part(self, name: str, part: Any, *, without: Collection[str] = ()) -> None:
        """Keep a dataclass but for the fields `without`; None is nothing to keep."""
        if part is not None:
            self.config[name], tensors = taken_apart(part, name, without=without)
            self.tensors |= tensors

    def ensemble(self, networks: list[nn.Module], *, made_by: str, verdict: str | None) -> None:
        """Keep the header and the weights."""
        own = next((network.name for network in networks if isinstance(network, OwnNetwork)), None)
        self.part("header", Header(made_by, verdict, len(networks), own))
        for k, network in enumerate(networks):
            self.weights(k, network)

    def weights(self, name: int | str, network: nn.Module, stored: torch.dtype | None = None) -> None:
        """Keep the weights of a network beside the ensemble, by its name, or of its number; `stored` in a type."""
        state = network.state_dict()
        self.tensors |= {
            f"weights/{name}/{key}": value.to(stored) if stored and value.is_floating_point() else value
            for key, value in state.items()
        }

    def contents(self, kind: str) -> Contents:
        """All of it."""
        return Contents(kind, self.config, self.tensors)


class Opener:
    """Gives back what a `Keeper` kept; errors are those of `refusing`."""

    def __init__(self, contents: Contents, path: str, own: Callable[..., nn.Module] | None) -> None:
        """`own` makes the networks of a model whose networks were the user's own."""
        self.contents, self.own = contents, own
        self.header: Header = self.part("header", Header)
        _refuse_own(self.header.own_network, own, path)

    def part(self, name: str, *classes: type, given: Given | None = None) -> Any:
        """The part of this name, of one of these classes; `given` as in `put_together`."""
        if name not in self.contents.config:
            raise ModelFileError(_("it has no {name}", name=name))
        return put_together(self.contents.config[name], self.contents.tensors, name, classes, given=given)

    def optional(self, name: str, *classes: type) -> Any:
        """The part of this name, or None where the file holds none."""
        return self.part(name, *classes) if name in self.contents.config else None

    def network(self, k: int | str, build: Callable[[], Network], stored: torch.dtype | None = None) -> Network:
        """Network number or name `k`, which `build` makes, with its weights, of which the file has numbers `stored` so.

        Unless it is the user's own, it is built without memory, so that nothing is allocated for sizes that the file
        merely claims, and takes over the file's tensors.
        """
        weights = self.weights(k)
        if stored is not None:
            weights = {key: _as_computed(key, value, stored) for key, value in weights.items()}
        if self.own is not None and isinstance(k, int):
            network = build()
            network.load_state_dict(weights, strict=True)
            return network.eval()
        with torch.device("meta"), _Undrawn(), _no_more_than(len(weights)):
            network = build()
        state = network.state_dict()
        wrong = next((key for key in state if key in weights and _differ(state[key], weights[key])), None)
        if wrong is not None:
            found, expected = weights[wrong], state[wrong]
            raise ModelFileError(
                _(
                    "weights/{k}/{wrong} is {dtype} {shape}: expected {expected_dtype} {expected}",
                    k=k,
                    wrong=wrong,
                    dtype=found.dtype,
                    shape=tuple(found.shape),
                    expected_dtype=expected.dtype,
                    expected=tuple(expected.shape),
                )
            )
        network.load_state_dict(weights, strict=True, assign=True)
        return network.eval()

    def weights(self, k: int | str) -> dict[str, Tensor]:
        """The weights of network number or name `k` by their names in it.

        All are finite, or every later output would be NaN.
        """
        prefix = f"weights/{k}/"
        found = {key[len(prefix) :]: v for key, v in self.contents.tensors.items() if key.startswith(prefix)}
        for name, tensor in found.items():
            if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
                count = int((~torch.isfinite(tensor)).sum())
                raise ModelFileError(
                    _(
                        "{count:,} of the {tensor:,} weights {prefix}{name} are not finite numbers: the training "
                        "went wrong, or the file was altered; train again",
                        count=count,
                        tensor=tensor.numel(),
                        prefix=prefix,
                        name=name,
                    )
                )
        return found

    def refuse_deep(self, layers: int) -> None:
        """Refuse more layers than there can be weights, before they are built one by one."""
        if layers > len(self.contents.tensors):
            raise ModelFileError(
                _(
                    "it claims {layers} layers and has {n_tensors} tensors",
                    layers=layers,
                    n_tensors=len(self.contents.tensors),
                )
            )

    def refuse_more(self, again: Contents) -> None:
        """Refuse a file that says more, or says it otherwise, than a file of the same model, `again`, would."""
        surplus = sorted(self.contents.tensors.keys() - again.tensors.keys())
        surplus += [key for key, value in self.contents.config.items() if _says_more(value, again.config.get(key))]
        if surplus:
            raise ModelFileError(_("its {name!r} has a form that no such model has", name=surplus[0]))


@contextmanager
def refusing(path: str, what: str) -> Iterator[None]:
    """Every way in which a file fails to be `what` as a `ModelFileError` that says so."""
    try:
        yield
    except (ValidationError, LookupError, ArithmeticError, RuntimeError, TypeError, ValueError) as error:
        reason = " ".join(str(error).split())[:_REASON]
        if isinstance(error, ModelFileError) and reason.startswith(path):
            raise
        raise ModelFileError(
            _("{path} is not a valid {what}: {reason}", path=path, what=what, reason=reason)
        ) from error


def _says_more(given: Any, again: Any) -> bool:
    """Whether a value of a file is not in what is written of it; fields that the file is too old for are no more."""
    if isinstance(given, Mapping) and isinstance(again, Mapping):
        return any(key not in again or _says_more(value, again[key]) for key, value in given.items())
    if isinstance(given, list) and isinstance(again, list):
        return len(given) != len(again) or any(_says_more(a, b) for a, b in zip(given, again, strict=True))
    return given != again or isinstance(given, bool) != isinstance(again, bool)


def _as_computed(name: str, value: Tensor, stored: torch.dtype) -> Tensor:
    """Numbers of a file as float32; raises `ModelFileError` where they are not `stored` so."""
    if value.dtype != stored:
        raise ModelFileError(
            _("the weights {name} are {dtype}: expected {expected}", name=name, dtype=value.dtype, expected=stored)
        )
    return value.float()


def _differ(own: Tensor, given: Tensor) -> bool:
    return own.shape != given.shape or own.dtype != given.dtype


def _refuse_own(name: str | None, factory: object, path: str) -> None:
    """Raise `ModelFileError` where a file holds the weights of a user's own network, and nobody gives it, or else.

    `name` is that of the factory in the file; no code is kept there.
    """
    if name is not None and factory is None:
        raise ModelFileError(
            _(
                "{path} holds the weights of a network of your own, {name}, and not its code: read it "
                "with recurra.load(path, network={name})",
                path=path,
                name=name,
            )
        )
    if name is None and factory is not None:
        raise ModelFileError(_("{path} holds a network of recurra's own: leave network= out", path=path))
