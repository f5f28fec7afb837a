"""Environments by their names: those of gymnasium, of popgym, and ours without velocities."""

from __future__ import annotations

import importlib
import importlib.util
import re
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from recurra.environments.spaces import Acted, Observed, acted, observed
from recurra.errors import InputError
from recurra.extras import require_package
from recurra.language import _, listing

if TYPE_CHECKING:
    import gymnasium

Make = Callable[..., Any]
_POPGYM = "popgym"


@dataclass(frozen=True)
class World:
    """What is known of a kind of environment: its name, how it is seen and acted in, and whether it can be drawn."""

    name: str
    observed: Observed
    acted: Acted
    drawn: bool = False

    def check(self) -> None:
        """Refuse parts that are none."""
        self.observed.check()
        self.acted.check()


def world_of(environment: str | Make) -> tuple[World, Make]:
    """What a name, or a function that makes environments, stands for; and how one is made (`make(render=False)`).

    Raises InputError for a name that there is not (with those closest to it), for a missing package, and for spaces
    that an agent of ours cannot see or act in.
    """
    require_package("gymnasium")
    make = _maker(environment) if isinstance(environment, str) else _own(environment)
    name = environment if isinstance(environment, str) else getattr(environment, "__name__", "environment")
    made = make()
    try:
        drawn = "rgb_array" in (made.metadata or {}).get("render_modes", ())
        return World(name, observed(made.observation_space, name), acted(made.action_space, name), drawn), make
    finally:
        made.close()


def _own(function: Any) -> Make:
    if not callable(function):
        raise InputError(
            _(
                "environment is {kind}: expected the name of one, or a function that makes one",
                kind=type(function).__name__,
            )
        )

    def make(*, render: bool = False) -> Any:
        return function(render_mode="rgb_array") if render else function()

    return make


def _maker(name: str) -> Make:
    import gymnasium

    from recurra.environments.without_velocities import HIDDEN, WithoutVelocities

    hidden = HIDDEN.get(name)
    own = name if hidden is None else hidden[0]
    known = _registered(own)

    def make(*, render: bool = False) -> gymnasium.Env:
        with _refusing(name):
            mode: dict[str, Any] = {"render_mode": "rgb_array"} if render else {}
            made = gymnasium.make(known, disable_env_checker=True, **mode)
        return made if hidden is None else WithoutVelocities(made, hidden[1])

    return make


def _registered(name: str) -> str:
    """The name under which gymnasium has it: with the newest version where none is said."""
    import gymnasium

    plain = name.split(":")[-1]
    if ":" not in name and name not in gymnasium.registry and importlib.util.find_spec(_POPGYM) is not None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            importlib.import_module(f"{_POPGYM}.envs")
    if ":" in name or name in gymnasium.registry:
        return name
    for pattern in (rf"{re.escape(plain)}-v(\d+)", rf"{_POPGYM}-{re.escape(plain)}(?:-v(\d+))?"):
        found = {int(m.group(1) or 0): each for each in gymnasium.registry if (m := re.fullmatch(pattern, each))}
        if found:
            return found[max(found)]
    raise InputError(_unknown(name))


def _unknown(name: str) -> str:
    import gymnasium

    from recurra.environments.without_velocities import HIDDEN

    every = {each.lower(): each for each in (*HIDDEN, *gymnasium.registry)}
    bare = {re.sub(r"-v\d+$", "", each.removeprefix(f"{_POPGYM}-")).lower(): each for each in every.values()}
    close = [(bare | every)[found] for found in get_close_matches(name.lower(), [*every, *bare], n=6, cutoff=0.5)]
    shown = listing(list(dict.fromkeys(close))[:3]) or "CartPoleNoVel, Pendulum-v1"
    return _(
        "there is no environment {name!r}, and no file of this name. Closest are: {shown}. Those of other packages are "
        "found by package:name once the package is installed",
        name=name,
        shown=shown,
    )


@contextmanager
def _refusing(name: str) -> Iterator[None]:
    """What gymnasium raises while one is made, in our words."""
    import gymnasium

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of versions that are out of date: the name was asked for
            yield
    except (gymnasium.error.UnregisteredEnv, ModuleNotFoundError) as error:
        if isinstance(error, ModuleNotFoundError) and ":" not in name:
            raise InputError(_("{name} cannot be made: {error}", name=name, error=error)) from error
        raise InputError(_unknown(name)) from error
    except gymnasium.error.Error as error:
        text = " ".join(str(error).split())
        raise InputError(_("{name} cannot be made: {error}", name=name, error=text)) from error
