"""Options inside an estimator's arguments: `network=dict(hidden=32)`, and `network__hidden` for searches."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import fields, is_dataclass, replace
from typing import TYPE_CHECKING, Any, Self, TypeVar

import numpy as np

from recurra.errors import InputError
from recurra.language import _, listing

if TYPE_CHECKING:
    from sklearn.utils import Tags

Options = TypeVar("Options")
LARGEST = 2**32 - 1  # torch's generators take 64 bits, and each member and epoch has a seed of its own


def chosen_options(given: Mapping[str, Any] | Options | None, default: Options) -> Options:
    """What was given, or the default with what was given of it by name.

    Raises InputError for a name that is no option.
    """
    if given is None or isinstance(given, Mapping):
        known = _names(default)
        wrong = next((name for name in given or () if name not in known), None)
        if wrong is not None:
            raise InputError(
                _(
                    "{wrong!r} is no option of {name}: expected some of {join}",
                    wrong=wrong,
                    name=type(default).__name__,
                    join=listing(known),
                )
            )
        return replace(default, **(given or {}))  # pyright: ignore[reportArgumentType, reportReturnType]  # a dataclass
    return given


def is_whole(value: object, least: int) -> bool:
    """Whether a value is a whole number of at least `least`."""
    return isinstance(value, int | np.integer) and not isinstance(value, bool) and int(value) >= least


def check_whole(arguments: Any, **least: int) -> None:
    """Raise InputError for the first of these arguments that is no whole number of at least that, or too large."""
    for name, smallest in least.items():
        value = getattr(arguments, name)
        if not is_whole(value, smallest):
            raise InputError(
                _(
                    "{name} is {value!r}: expected a whole number of at least {least}",
                    name=name,
                    value=value,
                    least=smallest,
                )
            )
        if value > LARGEST:
            raise InputError(
                _("{name} is {value}: expected a whole number of at most {most}", name=name, value=value, most=LARGEST)
            )


def check_options(name: str, value: Any, kind: type, *, factory: bool = False) -> None:
    """Raise InputError unless an argument is options of a `kind`, a mapping of some, None, or (`factory`) callable."""
    if value is not None and not isinstance(value, kind | Mapping) and not (factory and callable(value)):
        raise InputError(
            _(
                "{name} is {value!r}: expected {name2}(...), a mapping of some of its options, or None "
                "for the defaults",
                name=name,
                value=value,
                name2=kind.__name__,
            )
        )


class NestedOptions:
    """scikit-learn's parameters, where those that hold options (a dataclass or a mapping) have theirs below them.

    `set_params(network__hidden=32)` changes one option and leaves the others; by input it is `network__title__hidden`.

    Its `clone`, pipelines and searches ask for methods, not for its `BaseEstimator`, whose import takes as long as
    that of torch and would be most of the start of a command: only what learns from X and y has it beside this.
    """

    _OPTIONS = ("network", "training")

    @classmethod
    def _get_param_names(cls) -> list[str]:
        """The constructor's arguments in order of the alphabet, by the name that scikit-learn has for this."""
        return sorted(name for name in inspect.signature(cls.__init__).parameters if name != "self")

    def __sklearn_tags__(self) -> Tags:
        """What scikit-learn may expect of an estimator: nothing in particular."""
        from sklearn.utils import Tags, TargetTags

        return Tags(estimator_type=None, target_tags=TargetTags(required=False))

    def __repr__(self) -> str:
        """The call that makes it, without arguments that are as they are unless given."""
        usual = inspect.signature(type(self).__init__).parameters
        given = [(name, getattr(self, name)) for name in usual if name in self._get_param_names()]
        shown = (f"{name}={value!r}" for name, value in given if repr(value) != repr(usual[name].default))
        return f"{type(self).__name__}({', '.join(shown)})"

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The constructor's arguments; with `deep` also the options that were given, as `network__hidden`."""
        found = {name: getattr(self, name) for name in self._get_param_names()}
        if deep:
            for name in self._OPTIONS:
                found |= _below(name, found[name])
        return found

    def set_params(self, **params: Any) -> Self:
        """Change arguments, and single options by names such as `training__epochs`.

        Raises InputError for an unknown one, in `fit` for an unknown option.
        """
        whole = {name: value for name, value in params.items() if name.split("__")[0] not in self._OPTIONS}
        known = self._get_param_names()
        wrong = next((name for name in whole if name not in known), None)
        if wrong is not None:
            raise InputError(
                _(
                    "{wrong!r} is no parameter of {name}: expected some of {join}, or an option such as "
                    "network__hidden",
                    wrong=wrong,
                    name=type(self).__name__,
                    join=listing(known),
                )
            )
        ordered = sorted(params.items(), key=lambda item: item[0].count("__"))  # a whole argument before parts of it
        for name, value in ordered:
            first, *path = name.split("__")
            setattr(self, first, _changed(getattr(self, first), path, value, name) if path else value)
        return self


def _below(prefix: str, options: Any) -> dict[str, Any]:
    """The options of a dataclass or mapping, and of mappings in it, under joined names."""
    if isinstance(options, Mapping):
        found = {f"{prefix}__{name}": value for name, value in options.items()}
    elif is_dataclass(options) and not isinstance(options, type):
        found = {f"{prefix}__{name}": getattr(options, name) for name in _names(options)}
    else:
        return {}
    return found | {key: below for name, value in found.items() for key, below in _below(name, value).items()}


def _changed(options: Any, path: list[str], value: Any, name: str) -> Any:
    """A copy of options in which one has another value."""
    first, *rest = path
    if options is None or isinstance(options, Mapping):
        before = dict(options or {})
        return before | {first: _changed(before.get(first), rest, value, name) if rest else value}
    if is_dataclass(options) and not isinstance(options, type):
        if rest or first not in _names(options):
            known = listing(_names(options))
            raise InputError(
                _(
                    "{name} is no option of {name2}: expected some of {known}",
                    name=name,
                    name2=type(options).__name__,
                    known=known,
                )
            )
        return replace(options, **{first: value})
    raise InputError(
        _(
            "{name} is an option of recurra's own network, and another was given: {options!r}",
            name=name,
            options=options,
        )
    )


def _names(options: Any) -> list[str]:
    return [field.name for field in fields(options)]
