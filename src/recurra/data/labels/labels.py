"""The labels of sequences, each kind in a file of its own: chosen by their values, and stored as plain JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from typing import Any

from recurra.data.labels.classes import Classes
from recurra.data.labels.label_sets import LabelSets, is_label_sets
from recurra.data.labels.label_values import Origin, Y
from recurra.data.labels.numbers import Numbers
from recurra.data.labels.tags import Tags
from recurra.errors import InputError
from recurra.language import _, listing

__all__ = ["Classes", "LabelSets", "Labels", "Numbers", "Tags", "class_labels", "restored", "stored"]

Labels = Classes | LabelSets | Numbers | Tags
_KINDS: dict[str, type[Classes | LabelSets | Numbers | Tags]] = {
    "classes": Classes,
    "label sets": LabelSets,
    "numbers": Numbers,
    "tags": Tags,
}


def class_labels(labels: Any, *, separator: str | None = None, what: Origin = Y) -> Classes | LabelSets:
    """What a classifier is to predict: sets, where labels are lists or a matrix or a separator is given; else classes.

    >>> class_labels([["war", "drama"], []]).names, class_labels([3, 1]).names
    (('drama', 'war'), (1, 3))
    """
    if separator is not None or is_label_sets(labels):
        return LabelSets.of(labels, separator=separator or ";", what=what)
    return Classes.of(labels, what=what)


def stored(labels: Labels) -> dict[str, Any]:
    """Labels as plain JSON."""
    kind = next(name for name, form in _KINDS.items() if isinstance(labels, form))
    return {"kind": kind} | {key: list(v) if isinstance(v, tuple) else v for key, v in asdict(labels).items()}


def restored(content: Mapping[str, Any]) -> Labels:
    """The labels that `stored` made `content` of. Errors: InputError for content that is not of that form.

    >>> restored(stored(Classes((1, 2), "int64")))
    Classes(names=(1, 2), dtype='int64')
    """
    kind = content.get("kind")
    if not isinstance(kind, str) or kind not in _KINDS:
        raise InputError(_("labels of kind {kind!r} are not known: expected {kinds}", kind=kind, kinds=listing(_KINDS)))
    form = _KINDS[kind]
    names = {field.name for field in fields(form)}
    given = {str(key): value for key, value in content.items() if key != "kind"}
    if set(given) != names or not isinstance(given["names"], list | tuple):
        raise InputError(
            _("stored {kind} hold {given}: expected {names}", kind=kind, given=sorted(given), names=sorted(names))
        )
    return form(**given)
