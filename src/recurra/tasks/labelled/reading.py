"""A file of labelled sequences: its rows, the parts of its columns, and a later file by the same parts."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from inspect import signature
from pathlib import Path
from typing import Any

from recurra.data.examples.examples import SEQUENCE
from recurra.data.examples.gathering import Gathered, gather_examples, text_columns
from recurra.data.examples.inputs import Events, Series, Text
from recurra.data.examples.target import Target
from recurra.data.examples.understanding import Roles, understand_examples
from recurra.data.schema.column_kinds import kind_of
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import shown
from recurra.errors import InputError
from recurra.language import _, listing
from recurra.options import option
from recurra.tasks.labelled.model import SequenceModel
from recurra.tasks.opened import Opened, open_examples

_KNOWN = {*signature(understand_examples).parameters} - {"frame", "target", "labelled", "source"}
_SEVERAL = ("text", "sequence", "audio", "label", "features", "static", "ignore")


@dataclass(frozen=True, eq=False)
class LaterExamples:
    """The examples of a later file, and the parts of its columns."""

    opened: Opened
    gathered: Gathered
    roles: Roles


def text_names(columns: Mapping[str, Any], target: Target) -> set[str]:
    """Of the columns that are named those that hold text only."""
    tags = columns.get(target.word) if target.per_step and columns.get("series") is None else None
    return {*names_in(columns.get("text")), *names_in(columns.get("sequence")), *names_in(tags)}


def names_in(given: str | Sequence[str] | None) -> tuple[str, ...]:
    """One name, several, or none."""
    return () if given is None else (given,) if isinstance(given, str) else tuple(given)


def understand(
    opened: Opened, target: Target, /, *, level: str = "auto", vectors: str | Path | None = None, **columns: Any
) -> tuple[Roles, list[Fact]]:
    """The parts of the columns as they are named, else inferred; texts are cut as `level` says."""
    given = {name: value for name, value in columns.items() if value is not None}
    if target.word in given:
        given["label"] = given.pop(target.word)
    given: dict[str, Any] = {n: names_in(value) if n in _SEVERAL else value for n, value in given.items()}
    wrong = next((name for name in given if name not in _KNOWN), None)
    if wrong is not None:
        raise InputError(
            _("{wrong} is no kind of column: expected some of {known}", wrong=wrong, known=listing(sorted(_KNOWN)))
        )
    roles, facts = understand_examples(opened.frame, target=target, source=opened.source, **given)
    texts = [name for name, kind in roles.inputs.items() if isinstance(kind, Text)]
    asked: dict[str, Any] = {} if level == "auto" else {"level": level}
    asked |= {} if vectors is None else {"vectors": str(vectors)}
    if asked and not texts:
        raise InputError(
            _(
                "{option} is about texts, and {source} is read without one: name it with {text_option}",
                option=option(next(iter(asked))),
                source=opened.source,
                text_option=option("text"),
            )
        )
    if vectors is not None and not Path(vectors).is_file():
        raise InputError(
            _(
                "there is no file {vectors}: expected word vectors, a word and its numbers a line ({vectors_option})",
                vectors=vectors,
                vectors_option=option("vectors"),
            )
        )
    inputs = {name: replace(kind, **asked) if isinstance(kind, Text) else kind for name, kind in roles.inputs.items()}
    return replace(roles, inputs=inputs), facts


def gathered_of(
    opened: Opened, roles: Roles, *, tags: bool, optional: Collection[str], labelled: bool = True
) -> Gathered:
    """The examples of a file by the parts of its columns."""
    return gather_examples(
        opened.frame,
        roles,
        tags=tags,
        labelled=labelled,
        optional=optional,
        source=opened.source,
        folder=opened.folder,
    )


def open_test(
    file: str, learnt: Opened, roles: Roles, *, tags: bool, optional: Collection[str]
) -> tuple[Opened, Gathered]:
    """The examples of a file to evaluate on, read as the one learnt from, and as text where that is."""
    texts = [str(name) for name in learnt.frame if kind_of(learnt.frame[name]) == "text"]
    opened = open_examples(file, learnt.reading, text=texts)
    own = replace(roles, group=None, split=None, time=roles.time if roles.series is not None else None)
    return opened, gathered_of(opened, own, tags=tags, optional=optional)


def roles_of(model: SequenceModel, roles: Roles | None) -> Roles:
    """The parts of the columns of a later file: those of the file that was learnt from, else the inputs by name."""
    return replace(roles or Roles(dict(model.reader.kinds)), split=None)


def later_texts(model: SequenceModel, roles: Roles | None) -> frozenset[str]:
    """The columns that hold text in a later file, whatever they look like."""
    return text_columns(roles_of(model, roles), model.reader, words=model.objective.has_words)


def later_examples(model: SequenceModel, known: Roles | None, opened: Opened) -> LaterExamples:
    """The examples of a later file, read as those that the model was fitted to."""
    roles = roles_of(model, known)
    if roles.group is not None and roles.group not in opened.frame:
        roles = replace(roles, group=None)
    tags = model.objective.per_step
    gathered = gathered_of(opened, roles, tags=tags, optional=model.recipe.optional, labelled=False)
    steps, before = (kinds.get(SEQUENCE) for kinds in (gathered.examples.kinds, model.reader.kinds))
    if isinstance(steps, Events) and isinstance(before, Series):  # in long format the values say which it is
        raise InputError(
            _(
                "the features {features} of {source} hold text, and held numbers when the model was "
                "fitted: correct them",
                features=shown(roles.features),
                source=opened.source,
            )
        )
    return LaterExamples(opened, gathered, roles)
