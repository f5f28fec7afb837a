"""Which column of a file is the sequence, which the label, and what the others are: as the user says, else inferred."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pandas as pd

from recurra.data.examples.audio import is_audio_column
from recurra.data.examples.choosing import (
    as_columns,
    find_label,
    find_sequences,
    find_steps,
    is_constant,
    is_key,
    more_texts,
    sequence_kind,
    tells_apart,
    tells_label,
    to_tag,
)
from recurra.data.examples.guessing import is_blank_text
from recurra.data.examples.inputs import Array, Audio, Events, Kind, Series, Static, Symbols, Text
from recurra.data.examples.splits import says_split
from recurra.data.examples.target import CLASS, Target
from recurra.data.examples.word_rows import filled_down, find_word_rows, has_first_rows
from recurra.data.labels.cell_labels import (
    NO_SEPARATOR,
    find_separator,
    folded,
    quoted,
    respelled,
    spelled_alike,
    trimmed,
)
from recurra.data.schema.column_kinds import kind_of
from recurra.data.schema.facts import Fact
from recurra.data.schema.infer_columns import split_series
from recurra.data.schema.names import counted, plain, refuse_two_parts, require_columns, shown
from recurra.data.schema.roles import tidy
from recurra.data.time.times import time_format_of
from recurra.errors import InputError
from recurra.language import _, listing
from recurra.options import option, ways

_FEW = 10  # labels that may all differ, in a table of few rows
_SPLIT = frozenset("split subset partition fold set part 划分".split())


@dataclass(frozen=True)
class Roles:
    """The part of every column that is used.

    `inputs` by name (of a column, or "sequence" and "static"); `label` one column, or several; `series` (several
    columns joined by commas) and `time` of the long format, whose numbers are `features`. Without a series, `features`
    are the columns of a wide table, a step each. `group` and `split` say which examples belong together and where.
    `label_separator` stands between the labels of a cell that holds several; labels that differ from one of `spellings`
    in case only are spelled so. `time_format` is how the times were written. Columns in `filled` have their value on
    the first row of each series only; inputs in `optional` may be missing in an example.
    """

    inputs: dict[str, Kind]
    label: tuple[str, ...] = ()
    series: str | None = None
    time: str | None = None
    features: tuple[str, ...] = ()
    static: tuple[str, ...] = ()
    group: str | None = None
    split: str | None = None
    ignore: tuple[str, ...] = field(default=())
    label_separator: str | None = None
    spellings: tuple[str, ...] = ()
    filled: tuple[str, ...] = ()
    optional: tuple[str, ...] = ()
    time_format: str | None = None


def understand_examples(
    frame: pd.DataFrame,
    *,
    target: Target = CLASS,
    text: Sequence[str] = (),
    sequence: Sequence[str] = (),
    audio: Sequence[str] = (),
    label: Sequence[str] = (),
    series: str | None = None,
    time: str | None = None,
    day_first: bool | None = None,
    features: Sequence[str] = (),
    static: Sequence[str] | None = None,
    ignore: Sequence[str] = (),
    group: str | None = None,
    split: str | None = None,
    label_separator: str | None = None,
    merge_case: bool = False,
    labelled: bool = True,
    source: str = "the table",
) -> tuple[Roles, list[Fact]]:
    """The parts of the columns and the facts that say them, with the flags that override them.

    What is named stands. The label is found by its name, else it is the only column that is left; the sequence by its
    name, else the longest text or the lists; every further column of language is a text beside it. Other numbers and
    categories are static, but not identifiers, dates and a column that repeats the label in other words. A text that is
    empty in some rows is optional where there is another input. A table of numbers only is read as a step per column,
    and one of words, tags and sentences as a row per word. `label_separator` "none": a cell is one label; None: found
    where it is certain. Errors: InputError where a named column is absent, or the label or sequence cannot be told.

    >>> frame = pd.DataFrame({"id": [1, 2, 3], "sentence": ["a fine film", "dull", "I slept"], "mood": ["+", "-", "-"]})
    >>> roles, facts = understand_examples(frame)
    >>> roles.inputs, roles.label
    ({'sentence': Text(...)}, ('mood',))
    """
    if label_separator is not None and not label_separator:
        raise InputError(
            _(
                "{label_separator_option} is empty: give what stands between the labels of a cell, such as ';'",
                label_separator_option=option("label_separator"),
            )
        )
    frame = tidy(frame, source)
    named = _named(frame, text, sequence, audio, label, series, time, features, static, ignore, group, split)
    _require(frame, source, named)
    names = [name for name in frame.columns if name not in ignore]
    if split is None:
        split = next((n for n in names if plain(n) in _SPLIT and n not in label and says_split(frame[n])), None)
    filled: tuple[str, ...] = ()
    if target.per_step and not (text or sequence or features or audio):
        tag = label[0] if label else _label_or_none(frame, names, target, source)
        rows = find_word_rows(frame, names, tag) if series is None and labelled and tag is not None else None
        if rows is not None and tag is not None:
            series, features, label = rows.key, (rows.word,), (tag,)
    keys = split_series(series, list(frame.columns))
    if target.per_step and len(keys) == 1 and has_first_rows(frame[keys[0]]):
        filled = (keys[0],)
    taken = {*text, *sequence, *audio, *label, *keys, *features, *(static or ()), time, group, split}
    left = [name for name in names if name not in taken]
    recorded = [name for name in left if is_audio_column(frame[name])] if not target.per_step else []
    identifiers = [n for n in left if n not in recorded and tells_apart(frame[n], n, first=n == names[0])]
    left = [name for name in left if name not in identifiers]
    inputs: dict[str, Kind] = {name: Text() for name in text}
    inputs |= {name: sequence_kind(frame, name) for name in sequence}
    inputs |= {name: Audio() for name in audio}
    if series is None and not inputs and not features:
        inputs = {name: Audio() for name in recorded}
        sounds = list(inputs)
        steps = find_steps(frame[names], label) if not target.per_step else None
        texts = [name for name in left if steps is None or name != steps[0]]
        inputs = inputs or find_sequences(frame, texts, target, label)
        left = [name for name in left if name not in inputs]
    else:
        sounds = list(audio)
    found_inputs = not (text or sequence or features or series or sounds)
    if target.per_step:
        inputs = {name: to_tag(frame, name, kind) for name, kind in inputs.items()}
    found = tuple(label)
    if labelled and not found:
        candidates = [name for name in left if not is_key(frame[name], name)] or left
        found = (find_label(frame, candidates, target, source, inputs),)
        if target.classes:
            _refuse_names(frame[found[0]], source, group)
    left = [name for name in left if name not in found]
    if found_inputs and not target.per_step and inputs:
        further = more_texts(frame, left)
        inputs |= {name: Text() for name in further}
        inputs = {name: inputs[name] for name in frame.columns if name in inputs}
        left = [name for name in left if name not in further]
    things = [name for name in left if is_key(frame[name], name)]
    left = [name for name in left if name not in things]
    if not inputs and not features:
        features = [name for name in left if kind_of(frame[name]) == "number"]
        texts = [name for name in left if kind_of(frame[name]) == "text"]
        features = texts if series is not None and not features and len(texts) == 1 else features
        if not features:
            raise InputError(
                _(
                    "no column of {source} holds a text, a sequence or numbers to read: name it with "
                    "{text_option}, {sequence_option} or {features_option}. Columns: {columns}",
                    source=source,
                    text_option=option("text"),
                    sequence_option=option("sequence"),
                    features_option=option("features"),
                    columns=shown(list(frame.columns)),
                )
            )
    if static is None:
        used = features or series is not None or target.per_step
        static = [] if used else [n for n in left if is_constant(frame, n, found)]
    dropped = [name for name in (*identifiers, *things, *left) if name not in {*static, *features}]
    if static:
        inputs["static"] = Static(tuple(static))
    roles = Roles(
        inputs, found, series, time, tuple(features), tuple(static), group, split, tuple(dict.fromkeys(ignore))
    )
    if filled:
        roles = replace(roles, filled=filled)
    if not target.per_step:
        roles = replace(roles, optional=_optional(frame, inputs))
    facts = [*_facts(roles, target, dropped), *_key_facts(frame, things, group)]
    if time is not None and kind_of(frame[time]) != "number":
        written, told = time_format_of(frame, time, source=source, day_first=day_first)
        roles, facts = replace(roles, time_format=written), [*facts, *told]
    telling = [name for name in static if tells_label(frame, name, found)]
    if telling:
        said = _("each value of {telling} has one label only: is it known before the label is?", telling=shown(telling))
        facts.append(Fact("check", said, option("ignore", [telling[0]])))
    if features and series is None and found_inputs and not target.per_step:
        _refuse_steps(frame[names], found, features, source)
    if len(roles.optional):
        facts.append(Fact("optional", _emptiness(frame, roles.optional), option("optional")))
    if target.classes and len(found) == 1:
        roles, said_of_labels = _read_cells(frame[found[0]], roles, label_separator, merge_case)
        facts += said_of_labels
    return roles, facts


def _refuse_steps(frame: pd.DataFrame, label: Sequence[str], features: Sequence[str], source: str) -> None:
    """Raise `InputError` where each row seems to be a step of a sequence, and nobody said what a row is."""
    steps = find_steps(frame, label)
    if steps is None:
        return
    together = f"{option('series', steps.key)} {option('time', steps.time)}"
    remedies = [_("pass {together}", together=together)]
    if steps.variable is not None:
        remedies = [_("{variable} and pass {together}", variable=as_columns(steps.variable), together=together)]
    numbers = [name for name in features if name != steps.time] or list(features)
    remedies.append(
        _(
            "name the numbers of a row with {features_option} if each row is an example of its own",
            features_option=option("features", numbers),
        )
    )
    raise InputError(
        _(
            "{source} has several rows for each {key!r}, each at another {time!r}{variable}, and one "
            "label for all of them, so that a row seems to be one step of a sequence: {remedy}",
            source=source,
            key=steps.key,
            time=steps.time,
            variable=_(" and {variable!r}", variable=steps.variable) if steps.variable is not None else "",
            remedy=ways(*remedies),
        )
    )


def _refuse_names(column: pd.Series, source: str, group: str | None) -> None:
    """Raise `InputError` where the column that is left for the label has another value in most rows."""
    distinct = column.nunique()
    if distinct <= max(_FEW, len(column) / 2) or pd.api.types.is_float_dtype(column):
        return  # numbers with a fraction are refused as what they are
    taken = (
        _("; {group!r} only keeps examples together, as {group_option} says", group=group, group_option=option("group"))
        if group is not None
        else ""
    )
    raise InputError(
        _(
            "no column of {source} can be the label: {column!r}, which is left, holds {distinct:,} "
            "different values in {n_column:,} rows{taken}. Name it with {label_option}",
            source=source,
            column=str(column.name),
            distinct=distinct,
            n_column=len(column),
            taken=taken,
            label_option=option("label"),
        )
    )


def _label_or_none(frame: pd.DataFrame, names: Sequence[str], target: Target, source: str) -> str | None:
    try:
        return find_label(frame, names, target, source, {})
    except InputError:
        return None


def _optional(frame: pd.DataFrame, inputs: dict[str, Kind]) -> tuple[str, ...]:
    """Texts that are empty in some rows, where there is another input to go by."""
    if len(inputs) < 2:
        return ()
    texts = [name for name, kind in inputs.items() if isinstance(kind, Text | Symbols)]
    return tuple(name for name in texts if is_blank_text(frame[name]).any())


def _emptiness(frame: pd.DataFrame, names: Sequence[str]) -> str:
    counts = listing(
        _("{name} is empty in {rows}", name=name, rows=counted(int(is_blank_text(frame[name]).sum()), "row"))
        for name in names
    )
    return _("{counts}; these rows are used, for they have other inputs", counts=counts)


def _read_cells(labels: pd.Series, roles: Roles, separator: str | None, merge_case: bool) -> tuple[Roles, list[Fact]]:
    """How the cells of the label are read: several labels in one, one label spelled in several ways."""
    facts = []
    if separator is None and (found := find_separator(labels)) is not None:
        parts = shown([quoted(part) for part in found.parts], 6)
        if found.certain:
            separator = found.sign
            said = _(
                "{rows} hold several with {sign!r} between them, since every part is also a label of its own: {parts}",
                rows=counted(found.cells, "row"),
                sign=found.sign,
                parts=parts,
            )
            facts.append(Fact("several labels", said, option("label_separator", NO_SEPARATOR)))
        else:
            said = _(
                "{labels} with {sign!r} may be several labels ({parts}), read as one",
                labels=counted(found.cells, "label"),
                sign=found.sign,
                parts=parts,
            )
            facts.append(Fact("check", said, option("label_separator", found.sign)))
    elif separator is not None and separator != NO_SEPARATOR:
        facts.append(
            Fact("several labels", _("a cell holds any number, with {separator!r} between them", separator=separator))
        )
    separator = None if separator == NO_SEPARATOR else separator
    cells = trimmed(labels)
    pieces = cells.dropna().map(str).str.split(separator, regex=False).explode() if separator is not None else cells
    facts += _single(pieces)
    alike = spelled_alike(pieces)
    if not alike:
        return replace(roles, label_separator=separator), facts
    groups = shown([" = ".join(map(quoted, group)) for group in alike], 4)
    if merge_case:
        chosen = tuple(group[0] for group in alike)
        facts.append(
            Fact("labels", _("that differ in case only are one: {groups}", groups=groups), option("merge_case", False))
        )
        return replace(roles, label_separator=separator, spellings=chosen), facts
    facts.append(
        Fact(
            "check",
            _("labels that differ in case or blanks only are different classes: {groups}", groups=groups),
            option("merge_case", True),
        )
    )
    return replace(roles, label_separator=separator), facts


def _single(labels: pd.Series) -> list[Fact]:
    """What is said of labels that a single row has: one part of the data cannot have them."""
    counts = labels.dropna().value_counts()
    single = [quoted(name) for name in counts.index[counts == 1]]
    if not single or 2 * len(single) > len(counts):  # most are: these are no classes, which is refused elsewhere
        return []
    said = _(
        "{labels} in a single row: {single}; it can be learnt or tested, not both",
        labels=counted(len(single), "label"),
        single=shown(single, 6),
    )
    return [Fact("check", said)]


def read_label_cells(labels: pd.Series, roles: Roles) -> pd.Series:
    """Labels without blanks around them, spelled as `roles` says."""
    return respelled(trimmed(labels), {folded(name): name for name in roles.spellings})


def fill_series(frame: pd.DataFrame, roles: Roles) -> pd.DataFrame:
    """The table with every series named on all of its rows."""
    return frame.assign(**{name: filled_down(frame[name]) for name in roles.filled}) if roles.filled else frame


def _named(
    frame: pd.DataFrame,
    text: Sequence[str],
    sequence: Sequence[str],
    audio: Sequence[str],
    label: Sequence[str],
    series: str | None,
    time: str | None,
    features: Sequence[str],
    static: Sequence[str] | None,
    ignore: Sequence[str],
    group: str | None,
    split: str | None,
) -> dict[str, Sequence[str]]:
    """The columns that each option names."""
    one = {"time": time, "group": group, "split": split}
    return {
        **{"text": text, "sequence": sequence, "audio": audio, "label": label, "features": features},
        **{"static": static or (), "series": split_series(series, list(frame.columns)), "ignore": ignore},
        **{part: () if name is None else (name,) for part, name in one.items()},
    }


def _require(frame: pd.DataFrame, source: str, named: dict[str, Sequence[str]]) -> None:
    for part, names in named.items():
        require_columns(names, list(frame.columns), source, option(part))
    once = ("text", "sequence", "audio", "label", "series", "features", "static", "ignore")
    refuse_two_parts({part: named[part] for part in once})


def identifier_of(frame: pd.DataFrame, roles: Roles) -> str | None:
    """The first column that no part uses and that only tells the examples apart, by its name and its values.

    >>> frame = pd.DataFrame({"id": ["r1", "r2"], "text": ["a fine film", "dull"]})
    >>> identifier_of(frame, Roles({"text": Text()}))
    'id'
    """
    used = {*roles.inputs, *roles.label, *roles.features, *roles.static, roles.time, roles.group, roles.split}
    names = [str(name) for name in frame.columns]
    left = [name for name in names if name not in used]
    return next((name for name in left if tells_apart(frame[name], name, first=name == names[0])), None)


def _facts(roles: Roles, target: Target, dropped: Sequence[str]) -> list[Fact]:
    said = {
        Text: _("text"),
        Symbols: _("a letter is a step"),
        Events: _("lists of events"),
        Series: _("numbers"),
        Array: _("arrays"),
    }
    said |= {Audio: _("sound files")}
    facts = []
    if target.per_step:
        said |= {Events: _("a word is a step")}
    parts = {Text: "text", Audio: "audio"}
    for name, kind in roles.inputs.items():
        if not isinstance(kind, Static):
            part = parts.get(type(kind), "sequence")
            facts.append(Fact(part, _("{column} ({kind})", column=name, kind=said[type(kind)]), option(part)))
    series, features = roles.series, roles.features
    if series is not None:
        order = _(", in the order of {time}", time=roles.time) if roles.time else ""
        down = _(", filled down from the first row of each") if roles.filled else ""
        facts.append(
            Fact(
                "series",
                _("{series}, a row per step{order}{down}", series=series, order=order, down=down),
                option("series"),
            )
        )
    if features:
        facts.append(Fact("features" if series else "sequence", _spoken(features, series), option("features")))
    if roles.label:
        facts.append(Fact(target.word, shown(roles.label), option(target.word)))
    if roles.static:
        facts.append(Fact("static", shown(roles.static), option("static")))
    if roles.group is not None:
        facts.append(Fact("groups", roles.group, option("group")))
    if roles.split is not None:
        facts.append(Fact("split", _("as column {split} says", split=roles.split), option("split")))
    if dropped:
        facts.append(Fact("ignored", shown(dropped), option("static")))
    return facts


def _key_facts(frame: pd.DataFrame, keys: Sequence[str], group: str | None) -> list[Fact]:
    """What is said of identifiers that repeat: they are no input, and examples may be kept together by them."""
    repeated = [name for name in keys if name != group and frame[name].duplicated().any()]
    if not repeated or group is not None:
        return []
    said = _(
        "{repeated} names things and is no input; to keep the examples of one together, group by it",
        repeated=shown(repeated),
    )
    return [Fact("identifier", said, option("group", repeated[0]))]


def _spoken(features: Sequence[str], series: str | None) -> str:
    if series is not None or len(features) <= 4:
        return shown(features)
    return _(
        "the {n_features} columns {first} to {last}, a step each",
        n_features=len(features),
        first=features[0],
        last=features[-1],
    )
