"""How much an example of each class counts in the training, so that rare classes are not neglected."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Real
from typing import Any

import numpy as np
import numpy.typing as npt

from recurra.data.labels.labels import Classes, LabelSets, Tags
from recurra.errors import InputError
from recurra.language import _, listing

Floats = npt.NDArray[np.floating]
Weights = Mapping[Any, float] | str | None


def weight_of_classes(given: Weights, classes: Classes | Tags, codes: npt.NDArray[np.int64]) -> Floats | None:
    """[K]: N / (K times its number) for "balanced", else as given (1 for what is not named); None without."""
    if given is None:
        return None
    if isinstance(given, str) and given == "balanced":
        counts = np.bincount(codes[codes >= 0], minlength=len(classes))
        return counts.sum() / (len(classes) * np.maximum(counts, 1.0))
    return _named(given, classes.names)


def weight_of_labels(given: Weights, sets: LabelSets, truth: npt.NDArray) -> Floats | None:
    """[K], how much an example with the label counts against one without."""
    if given is None:
        return None
    if isinstance(given, str) and given == "balanced":
        with_it, without = (truth == 1).sum(axis=0), (truth == 0).sum(axis=0)
        return np.clip(without / np.maximum(with_it, 1), 1e-3, 1e3)
    return _named(given, sets.names)


def checked_smoothing(share: float) -> float:
    """The label smoothing that was asked for; `InputError` where it is no share."""
    if not isinstance(share, Real) or not 0 <= share < 1:
        raise InputError(_("label_smoothing is {share!r}: expected a share of at least 0 and below 1", share=share))
    return float(share)


def settings_of(weight: Floats | None, smoothing: float, labels: Classes | LabelSets | Tags) -> dict[str, Any]:
    """The arguments of a constructor with which the same would be learnt again."""
    named = None if weight is None else dict(zip(labels.names, weight.tolist(), strict=True))
    return {"class_weight": named, "label_smoothing": smoothing}


def _named(given: Weights, names: tuple[Any, ...]) -> Floats:
    if not isinstance(given, Mapping):
        raise InputError(
            _("class_weight is {given!r}: expected None, 'balanced', or a weight for each class", given=given)
        )
    unknown = [label for label in given if label not in names]
    if unknown:
        known = listing(map(repr, names[:12]))
        raise InputError(
            _(
                "class_weight names {unknown!r}, which is no class: expected some of {known}",
                unknown=unknown[0],
                known=known,
            )
        )
    wrong = [label for label, weight in given.items() if not (isinstance(weight, Real) and 0 <= weight < np.inf)]
    if wrong:
        raise InputError(
            _(
                "class_weight of {wrong!r} is {given!r}: expected a number of at least 0",
                wrong=wrong[0],
                given=given[wrong[0]],
            )
        )
    weights = np.array([float(given.get(name, 1.0)) for name in names])
    if not weights.any():
        raise InputError(_("class_weight is {given!r}: expected a weight above 0 for at least one class", given=given))
    return weights
