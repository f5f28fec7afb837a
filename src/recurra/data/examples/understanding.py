"""Which column of a file is the sequence, which the label, and what the others are: as the user says, else inferred."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import pandas as pd

from recurra.data.examples.guessing import guess_kind
from recurra.data.examples.inputs import Array, Events, Kind, Series, Static, Symbols, Text
from recurra.data.examples.splits import says_split
from recurra.data.schema.column_kinds import kind_of
from recurra.data.schema.facts import Fact
from recurra.data.schema.infer_columns import is_row_number, split_series
from recurra.data.schema.names import plain, require_columns, shown, words_in
from recurra.data.schema.roles import tidy
from recurra.errors import InputError
from recurra.options import option

TASKS = ("classify", "tag", "regress")
_TEXT = frozenset(
    "text sentence review comment document content message tweet title body utterance question abstract phrase "
    "文本 评论 句子 内容 正文".split()
)
_SEQUENCE = frozenset(
    "sequence seq residues dna rna protein peptide promoter primary aa aminoacids nucleotides tokens words events "
    "series signal 序列".split()
)
_LABEL = {  # from the surest word to the least sure
    "classify": (
        "label labels class classes category categories sentiment intent topic genre emotion polarity gesture tag tags "
        "标签 类别 分类 情感 target y"
    ).split(),
    "tag": (
        "tags tag labels label dssp ss8 ss3 ss q8 q3 structure secondary pos ner bio gesture activity state target y"
    ).split(),
    "regress": "target expression activity rating score response yield label value 目标 分数 数值 y".split(),
}
_SPLIT = frozenset("split subset partition fold set part 划分".split())
_IDENTIFIER = frozenset("id index idx uuid guid key rowid no nr file filename path url accession 编号 序号".split())
_UNIQUE = 0.95


@dataclass(frozen=True)
class Roles:
    """The part of every column that is used.

    `inputs` by name (of a column, or "sequence" and "static"); `label` one column, or several; `series` (several
    columns joined by commas) and `time` of the long format, whose numbers are `features`. Without a series, `features`
    are the columns of a wide table, a step each. `group` and `split` say which examples belong together and where.
    `label_separator` stands between the labels of a cell that holds several.
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


def understand_examples(
    frame: pd.DataFrame,
    *,
    task: str = "classify",
    text: Sequence[str] = (),
    sequence: Sequence[str] = (),
    label: Sequence[str] = (),
    series: str | None = None,
    time: str | None = None,
    features: Sequence[str] = (),
    static: Sequence[str] | None = None,
    ignore: Sequence[str] = (),
    group: str | None = None,
    split: str | None = None,
    label_separator: str | None = None,
    labelled: bool = True,
    source: str = "the table",
) -> tuple[Roles, list[Fact]]:
    """The parts of the columns and the facts that say them, with the flags that override them.

    What is named stands. The label is found by its name, else it is the only column that is left; the sequence by its
    name, else the longest text or the lists. Other numbers and categories are static, but not identifiers, dates and
    a column that repeats the label in other words. A table of numbers only is read as a step per column. Errors:
    InputError where a named column is absent, or the label or sequence cannot be told.

    >>> frame = pd.DataFrame({"id": [1, 2, 3], "sentence": ["a fine film", "dull", "I slept"], "mood": ["+", "-", "-"]})
    >>> roles, facts = understand_examples(frame)
    >>> roles.inputs, roles.label
    ({'sentence': Text(...)}, ('mood',))
    """
    if task not in TASKS:
        raise InputError(f"task={task!r} is not known: expected {', '.join(TASKS)}")
    if label_separator is not None and not label_separator:
        raise InputError(
            f"{option('label_separator')} is empty: give what stands between the labels of a cell, such as ';'"
        )
    frame = tidy(frame, source)
    _require(frame, source, text, sequence, label, series, time, features, static, ignore, group, split)
    names = [name for name in frame.columns if name not in ignore]
    if split is None:
        split = next((n for n in names if plain(n) in _SPLIT and n not in label and says_split(frame[n])), None)
    keys = split_series(series, list(frame.columns))
    taken = {*text, *sequence, *label, *keys, *features, *(static or ()), time, group, split}
    left = [name for name in names if name not in taken]
    identifiers = [name for name in left if _is_identifier(frame[name], name, first=name == names[0])]
    left = [name for name in left if name not in identifiers]
    facts: list[Fact] = []
    inputs: dict[str, Kind] = {name: Text() for name in text}
    inputs |= {name: _sequence_kind(frame, name) for name in sequence}
    if series is None and not inputs and not features:
        inputs = _find_sequences(frame, left, task, label)
        left = [name for name in left if name not in inputs]
    if task == "tag":
        inputs = {name: _to_tag(frame, name, kind) for name, kind in inputs.items()}
    found = tuple(label)
    if labelled and not found:
        found = (_find_label(frame, left, task, source, inputs),)
    left = [name for name in left if name not in found]
    if not inputs and not features:
        features = [name for name in left if kind_of(frame[name]) == "number"]
        texts = [name for name in left if kind_of(frame[name]) == "text"]
        features = texts if series is not None and not features and len(texts) == 1 else features
        if not features:
            raise InputError(
                f"no column of {source} holds a text, a sequence or numbers to read: name it with {option('text')}, "
                f"{option('sequence')} or {option('features')}. Columns: {shown(list(frame.columns))}"
            )
    if static is None:
        used = features or series is not None or task == "tag"
        static = [] if used else [n for n in left if _is_constant(frame, n, found)]
    dropped = [name for name in (*identifiers, *left) if name not in {*static, *features}]
    if static:
        inputs["static"] = Static(tuple(static))
    facts += _facts(inputs, found, task, series, time, features, static, group, split, dropped)
    telling = [name for name in static if _tells_label(frame, name, found)]
    if telling:
        said = f"each value of {shown(telling)} has one label only: is it known before the label is?"
        facts.append(Fact("check", said, option("static")))
    if label_separator is not None:
        facts.append(Fact("several labels", f"a cell holds any number, with {label_separator!r} between them"))
    left_out = tuple(dict.fromkeys(ignore))
    parts = (tuple(features), tuple(static), group, split, left_out, label_separator)
    return Roles(inputs, found, series, time, *parts), facts


def _require(
    frame: pd.DataFrame,
    source: str,
    text: Sequence[str],
    sequence: Sequence[str],
    label: Sequence[str],
    series: str | None,
    time: str | None,
    features: Sequence[str],
    static: Sequence[str] | None,
    ignore: Sequence[str],
    group: str | None,
    split: str | None,
) -> None:
    columns = list(frame.columns)
    one = {"time": time, "group": group, "split": split}
    named = {
        **{"text": text, "sequence": sequence, "label": label, "features": features, "static": static or ()},
        **{"series": split_series(series, columns), "ignore": ignore},
        **{part: () if name is None else (name,) for part, name in one.items()},
    }
    for part, names in named.items():
        require_columns(names, columns, source, option(part))
    parts: dict[str, str] = {}
    for part in ("text", "sequence", "label", "series", "features", "static", "ignore"):
        for name in named[part]:
            if name in parts and parts[name] != part:
                raise InputError(
                    f"column {name!r} is named with {option(parts[name])} and with {option(part)}: name it once"
                )
            parts[name] = part


def _sequence_kind(frame: pd.DataFrame, name: str) -> Kind:
    """A column named as a sequence: strings are symbols, unless they have blanks."""
    kind = guess_kind(frame[name], name, alone=True)
    if not isinstance(kind, Text):
        return kind
    return Text() if frame[name].dropna().head(1000).str.contains(r"\s").any() else Symbols()


def _to_tag(frame: pd.DataFrame, name: str, kind: Kind) -> Kind:
    """A step is a word where a text has blanks, and else a letter."""
    if not isinstance(kind, Text):
        return kind
    return Events() if frame[name].dropna().head(1000).astype(str).str.contains(r"\s").any() else Symbols()


def _find_sequences(frame: pd.DataFrame, names: Sequence[str], task: str, label: Sequence[str]) -> dict[str, Kind]:
    """The one text or string of symbols, by name, else the longest; and all lists and arrays."""
    kinds = {
        name: guess_kind(frame[name], name)
        for name in names
        if kind_of(frame[name]) == "text" and not (not label and plain(name) in _LABEL[task])
    }
    lists: dict[str, Kind] = {name: kind for name, kind in kinds.items() if isinstance(kind, Events | Series | Array)}
    strings = [name for name, kind in kinds.items() if isinstance(kind, Text | Symbols)]
    called = [name for name in kinds if name not in lists and words_in(name) & (_TEXT | _SEQUENCE)]
    if not called and not label and task != "tag" and len(strings) + len(lists) == len(names) == 1:
        called = strings
    if called:
        name = next((name for name in called if name in strings), called[0])
        kind = kinds[name] if name in strings else Text()
        return {name: kind, **(lists if task != "tag" else {})}
    if strings and not lists:
        lengths = {name: frame[name].dropna().head(1000).str.len().mean() for name in strings}
        name = max(strings, key=lambda name: lengths[name])
        return {name: kinds[name]}
    if task == "tag" and lists:
        name = next((name for name in lists if words_in(name) & _SEQUENCE), next(iter(lists)))
        return {name: lists[name]}
    return lists


def _find_label(frame: pd.DataFrame, names: Sequence[str], task: str, source: str, inputs: dict[str, Kind]) -> str:
    words = {word: k for k, word in enumerate(_LABEL[task])}
    surest = {name: min((words[word] for word in words_in(name) if word in words), default=None) for name in names}
    called = [name for name in names if surest[name] is not None]
    if called:
        return min(called, key=lambda name: (plain(name) not in words, surest[name]))
    kinds = ("number",) if task == "regress" else ("text", "number")
    candidates = [name for name in names if kind_of(frame[name]) in kinds]
    if len(candidates) == 1:
        return candidates[0]
    flag = option("target") if task == "regress" else option("label")
    raise InputError(
        f"no column of {source} is called a label, and {shown(candidates) or 'none'} could be one beside "
        f"{shown(list(inputs)) or 'the numbers'}: name it with {flag}"
    )


def identifier_of(frame: pd.DataFrame, roles: Roles) -> str | None:
    """The first column that no part uses and that only tells the examples apart, by its name and its values.

    >>> frame = pd.DataFrame({"id": ["r1", "r2"], "text": ["a fine film", "dull"]})
    >>> identifier_of(frame, Roles({"text": Text()}))
    'id'
    """
    used = {*roles.inputs, *roles.label, *roles.features, *roles.static, roles.time, roles.group, roles.split}
    names = [str(name) for name in frame.columns]
    left = [name for name in names if name not in used]
    return next((name for name in left if _is_identifier(frame[name], name, first=name == names[0])), None)


def _is_identifier(column: pd.Series, name: str, *, first: bool) -> bool:
    """Whether a column only tells the examples apart."""
    kind = kind_of(column)
    if kind == "number":
        named = bool(words_in(name) & _IDENTIFIER) and pd.api.types.is_integer_dtype(column.dtype)
        return is_row_number(column, name, first=first) or (named and column.nunique() >= _UNIQUE * len(column))
    if kind != "text" or not words_in(name) & _IDENTIFIER:
        return False
    sample = column.dropna()
    strings = sample.map(lambda value: isinstance(value, str))
    return bool(strings.all()) and sample.nunique() >= _UNIQUE * len(sample)


def _is_constant(frame: pd.DataFrame, name: str, label: Sequence[str]) -> bool:
    """Whether a column is numbers or categories, and more than the label in other words."""
    if not _is_plain(frame, name):
        return False
    if len(label) != 1 or not _is_plain(frame, label[0]):
        return True
    pairs = _known_pairs(frame, label[0], name).drop_duplicates()
    return len(pairs) < 2 or bool(pairs[label[0]].duplicated().any() or pairs[name].duplicated().any())


def _tells_label(frame: pd.DataFrame, name: str, label: Sequence[str]) -> bool:
    """Whether values of a column that stand in several rows always stand beside the same label, of two or more."""
    if len(label) != 1 or not (_is_plain(frame, name) and _is_plain(frame, label[0])):
        return False
    known = _known_pairs(frame, label[0], name)
    values, pairs = known[name].nunique(), known.drop_duplicates()
    return len(pairs) == values <= len(known) / 2 and pairs[label[0]].nunique() > 1


def _is_plain(frame: pd.DataFrame, name: str) -> bool:
    """Whether the cells of a column are numbers or categories."""
    return kind_of(frame[name]) in ("number", "text") and isinstance(guess_kind(frame[name], name), Static)


def _known_pairs(frame: pd.DataFrame, label: str, name: str) -> pd.DataFrame:
    """The label and another column where both are known: a missing label says nothing, and is no class."""
    pairs = frame[[label, name]]
    return pairs[pairs[label].notna() & (pairs[label] != "") & pairs[name].notna()]


def _facts(
    inputs: dict[str, Kind],
    label: Sequence[str],
    task: str,
    series: str | None,
    time: str | None,
    features: Sequence[str],
    static: Sequence[str],
    group: str | None,
    split: str | None,
    dropped: Sequence[str],
) -> list[Fact]:
    said = {Text: "text", Symbols: "a letter is a step", Events: "lists of events", Series: "numbers", Array: "arrays"}
    facts = []
    if task == "tag":
        said |= {Events: "a word is a step"}
    for name, kind in inputs.items():
        if not isinstance(kind, Static):
            part = "text" if isinstance(kind, Text) else "sequence"
            facts.append(Fact(part, f"{name} ({said[type(kind)]})", option(part)))
    if series is not None:
        facts.append(
            Fact("series", f"{series}, a row per step{f', in the order of {time}' if time else ''}", option("series"))
        )
    if features:
        facts.append(Fact("features" if series else "sequence", _spoken(features, series), option("features")))
    if label:
        facts.append(Fact("target" if task == "regress" else "label", shown(label), option(_word(task))))
    if static:
        facts.append(Fact("static", shown(static), option("static")))
    if group is not None:
        facts.append(Fact("groups", group, option("group")))
    if split is not None:
        facts.append(Fact("split", f"as column {split} says", option("split")))
    if dropped:
        facts.append(Fact("ignored", shown(dropped), option("static")))
    return facts


def _word(task: str) -> str:
    return "target" if task == "regress" else "label"


def _spoken(features: Sequence[str], series: str | None) -> str:
    if series is not None or len(features) <= 4:
        return shown(features)
    return f"the {len(features)} columns {features[0]} to {features[-1]}, a step each"
