"""What the graphs of a model of labelled sequences read: raw inputs, and what the reader makes of them."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from recurra.data.encoders.reader import TOKENS, Encoded, Encoder, Fixed, Reader
from recurra.data.encoders.standardising import ColumnEncoder, SeriesEncoder
from recurra.data.encoders.tokens import TextEncoder
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.steps import Steps
from recurra.deploy.c_source.whole import TAKEN
from recurra.deploy.graph.builder import Builder
from recurra.deploy.graph.nodes import Vector
from recurra.errors import InputError
from recurra.language import _

FAR = 20.0  # spreads beyond which a number is as far as the network is told, as in `data.encoders.standardising`


@dataclass(frozen=True)
class Inputs:
    """By the name of an input what networks read of it, with the codes of categories, and how many tokens there are.

    NAME/there is 1 where an optional input is there.
    """

    network: dict[str, tuple[Vector, Vector | None]]
    vocabulary: dict[str, int]


def input_names(reader: Reader) -> dict[str, str]:
    """What each input is called in graphs: letters, digits and _, each name once."""
    found: dict[str, str] = {}
    for name in reader.encoders:
        word = re.sub(r"\W+", "_", name, flags=re.ASCII).strip("_").lower() or "input"
        word = f"input_{word}" if word[0].isdigit() else word
        while word in found.values() or word in TAKEN:
            word += "_"
        found[name] = word
    return found


def add_inputs(b: Builder, reader: Reader, optional: Collection[str], *, whole: bool) -> Inputs:
    """The inputs of a row, or, unless `whole`, of a step."""
    network: dict[str, tuple[Vector, Vector | None]] = {}
    vocabulary: dict[str, int] = {}
    names = input_names(reader)
    for name, encoder in reader.encoders.items():
        word = names[name]
        axis = b.axis(word) if whole and not isinstance(encoder, ColumnEncoder) else ""
        if isinstance(encoder, TOKENS):
            network[name] = b.input(word, 1, whole=True, at=axis), None
            vocabulary[name] = len(encoder.tokens)
        elif isinstance(encoder, SeriesEncoder):
            network[name] = _series(b, encoder, word, axis), None
        elif isinstance(encoder, ColumnEncoder):
            network[name] = _columns(b, encoder, word)
        else:
            raise InputError(_("input {name} holds images or sounds, which have no export", name=repr(name)))
        if axis and name in optional:
            one = b.scale(b.cast(_first_number(b, network[name][0]), double=False), 0.0, 1.0)
            network[f"{name}/there"] = b.pool(one, "mean"), None
        elif isinstance(encoder, ColumnEncoder):
            network[f"{name}/there"] = _there(b, network[name], word, name in optional), None
    return Inputs(network, vocabulary)


def _first_number(b: Builder, x: Vector) -> Vector:
    """A number at every step, whatever it is."""
    return b.lookup(x, np.ones((1, 1))) if x.whole else b.part(x, 0, 1)


def _there(b: Builder, found: tuple[Vector, Vector | None], word: str, optional: bool) -> Vector:
    """Whether columns are there: an input of its own where they may be missing, else always."""
    if optional:
        return b.input(f"{word}_there", 1, at="")
    values, codes = found
    some = b.part(values, 0, 1) if values.width else b.lookup(b.part(codes, 0, 1), np.ones((1, 1)))  # type: ignore[arg-type]
    return b.scale(some, 0.0, 1.0)


def _series(b: Builder, encoder: SeriesEncoder, word: str, axis: str) -> Vector:
    """`SeriesEncoder.encode`."""
    given = b.input(word, len(encoder.names), at=axis, double=True)
    known, values = b.apply(given, "known"), b.apply(given, "zeroed")
    if encoder.centred:
        mean = b.combine(b.pool(values, "mean"), b.clip(b.pool(known, "mean"), 1e-300, 1e300), "divide")
        values = b.combine(values, b.spread(mean, axis), "subtract")
    parts = [b.cast(_standardised(b, values, known, encoder.mean, encoder.spread), double=False)]
    parts += [b.cast(b.part(known, k, 1), double=False) for k, gap in enumerate(encoder.gaps) if gap]
    if encoder.pace is not None:
        waits = b.clip(b.input(f"{word}_waits", 1, at=axis, double=True), 0.0, 1e300)
        parts.append(b.cast(b.apply(b.scale(waits, 1.0 / encoder.pace, 1.0), "log"), double=False))
    return b.join(parts)


def _columns(b: Builder, encoder: ColumnEncoder, word: str) -> tuple[Vector, Vector | None]:
    """`ColumnEncoder.encode`."""
    codes = None
    if encoder.categories:
        codes = b.input(f"{word}_codes", len(encoder.categories), whole=True, at="")
    if not encoder.numeric:
        return Vector("", 0, at=""), codes
    given = b.input(word, len(encoder.numeric), at="", double=True)
    known, values = b.apply(given, "known"), b.apply(given, "zeroed")
    parts = [b.cast(_standardised(b, values, known, encoder.mean, encoder.spread), double=False)]
    parts += [b.cast(b.part(known, k, 1), double=False) for k, gap in enumerate(encoder.gaps) if gap]
    return b.join(parts), codes


def _standardised(
    b: Builder, values: Vector, known: Vector, mean: tuple[float, ...], spread: tuple[float, ...]
) -> Vector:
    factor = 1.0 / np.asarray(spread)
    return b.multiply(known, b.clip(b.scale(values, factor, -np.asarray(mean) * factor), -FAR, FAR))


# ---- rows at random, encoded and raw


def drawn_rows(reader: Reader, count: int, optional: Collection[str]) -> list[tuple[Encoded, dict[str, npt.NDArray]]]:
    """Rows as the reader would have encoded them, and as the graphs are given them; the last one as short as can be."""
    generator, names = np.random.default_rng(0), input_names(reader)
    found = []
    for row in range(count):
        encoded: Encoded = {}
        inputs: dict[str, npt.NDArray] = {}
        steps = 1 if row == count - 1 else int(generator.integers(5, 40))
        for name, encoder in reader.encoders.items():
            column, raw = _drawn(encoder, names[name], steps, generator)
            encoded[name] = column
            inputs |= raw
            if isinstance(column, Fixed) and name in optional:
                inputs[f"{names[name]}_there"] = np.ones(1, np.float32)
        found.append((encoded, inputs))
    return found


def _drawn(
    encoder: Encoder, word: str, steps: int, generator: np.random.Generator
) -> tuple[Ragged | Fixed, dict[str, npt.NDArray]]:
    if isinstance(encoder, TOKENS):
        tokens = generator.integers(0, len(encoder.tokens) + 1, steps)
        return Ragged(tokens.astype(np.int32), np.array([0, steps])), {word: tokens}
    if isinstance(encoder, SeriesEncoder):
        values = _numbers(generator, encoder.mean, encoder.spread, encoder.gaps, steps)
        offsets = np.array([0, steps])
        raw = {word: values}
        times = None
        if encoder.pace is not None:
            waits = generator.exponential(encoder.pace, (steps, 1))
            waits[0] = 0.0
            raw[f"{word}_waits"] = waits
            times = Ragged(np.cumsum(waits[:, 0]), offsets)
        return encoder.encode(Steps(Ragged(values, offsets), encoder.names, times)), raw
    assert isinstance(encoder, ColumnEncoder)
    return _drawn_columns(encoder, word, generator)


def _drawn_columns(
    encoder: ColumnEncoder, word: str, generator: np.random.Generator
) -> tuple[Fixed, dict[str, npt.NDArray]]:
    import pandas as pd

    values = _numbers(generator, encoder.mean, encoder.spread, encoder.gaps, 1)
    codes = np.array([int(generator.integers(0, len(known) + 1)) for known in encoder.categories.values()], np.int64)
    frame = pd.DataFrame(values, columns=list(encoder.numeric))
    for code, (name, known) in zip(codes, encoder.categories.items(), strict=True):
        frame[name] = [known[code - 1] if code else None]
    made, found = encoder.encode(frame)
    raw: dict[str, npt.NDArray] = {word: values[0]} if encoder.numeric else {}
    if encoder.categories:
        raw[f"{word}_codes"] = found[0]
    return Fixed(made, np.ones(1, bool), found), raw


def _numbers(generator: np.random.Generator, mean: Any, spread: Any, gaps: Any, steps: int) -> npt.NDArray[np.float64]:
    values = np.asarray(mean) + np.asarray(spread) * generator.standard_normal((steps, len(mean)))
    values[(generator.random(values.shape) < 0.2) & np.asarray(gaps, bool)] = np.nan
    return values


# ---- the sidecar


def sidecar_of(model: Any) -> dict[str, Any]:
    """What the graphs cannot say: how a text is cut into tokens, categories, and what classes are called."""
    names = input_names(model.reader)
    found: dict[str, Any] = {"task": model.objective.aim, "inputs": {}}
    for name, encoder in model.reader.encoders.items():
        found["inputs"][names[name]] = {"name": name, **_described(encoder)}
    labels = getattr(model.objective.labels, "names", None)
    if labels is not None:
        found["labels"] = [each if isinstance(each, str | int | float | bool) else str(each) for each in _plain(labels)]
    if model.objective.aim == "labels":
        found["chosen"] = "every label whose probability is above one half"
    return found


def _plain(values: Any) -> list[Any]:
    return [each.item() if isinstance(each, np.generic) else each for each in values]


def _described(encoder: Encoder) -> Mapping[str, Any]:
    if isinstance(encoder, TOKENS):
        cut: dict[str, Any] = {"kind": "tokens", "ids": "the place in this list + 1; 0 for any other token"}
        if isinstance(encoder, TextEncoder):
            cut |= {"level": encoder.level, "lowercase": encoder.lowercase}
            cut |= {"tokenizer": "tokenizer.json, which the package tokenizers reads"}
        return cut | {"tokens": list(encoder.tokens)}
    if isinstance(encoder, SeriesEncoder):
        more = {} if encoder.pace is None else {"waits": "seconds since the step before, 0 at the first"}
        return {"kind": "numbers", "features": list(encoder.names), "missing": "NaN"} | more
    assert isinstance(encoder, ColumnEncoder)
    return {
        "kind": "columns",
        "numeric": list(encoder.numeric),
        "missing": "NaN",
        "codes": "of each column of categories: the place in its list + 1; 0 for any other or none",
        "categories": {name: list(known) for name, known in encoder.categories.items()},
    }


def tokenizers_of(model: Any) -> dict[str, Any]:
    """By the file that holds it, what cuts a text into tokens: of the package `tokenizers`."""
    texts = {n: e for n, e in model.reader.encoders.items() if isinstance(e, TextEncoder)}
    names = input_names(model.reader)
    return {
        "tokenizer.json" if len(texts) == 1 else f"{names[name]}_tokenizer.json": encoder._cutter
        for name, encoder in texts.items()
    }
