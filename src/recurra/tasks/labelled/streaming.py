"""A model of labelled sequences at work: what it says of the steps so far, after each one.

The tagger gives the tag of the step; classifier and regressor what they would predict of the sequence as it stands.
A step costs the same however many there were.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from recurra.data.encoders.reader import Fixed, Reader
from recurra.data.encoders.standardising import SeriesEncoder
from recurra.data.examples.examples import as_examples
from recurra.errors import InputError
from recurra.evaluation.shared.watching import Promise
from recurra.language import _, listing
from recurra.nn.sequence import InputBatch, SequenceNetwork
from recurra.nn.sequence_stream import SequenceStream
from recurra.options import option
from recurra.tasks.labelled.model import SequenceModel
from recurra.tasks.labelled.step_reading import StepReader
from recurra.tasks.labelled.stream_watching import LabelledWatch
from recurra.tasks.streaming import EstimatorStream, checked_count

Floats = npt.NDArray[np.floating]
Ints = npt.NDArray[np.int64]


class LabelledStreams(EstimatorStream):
    """`batch` sequences, each of which goes on a step at a time: `streams(n)` of an estimator of labelled sequences.

    A step is a word or some of a text, a letter, an event, or the numbers of a moment [F]. Sequences may be at
    different places; `step_rows` moves some of them, `reset` begins some anew.
    """

    def __init__(
        self, model: SequenceModel, kind: str, batch: int, beside: Any = None, promise: Promise | None = None
    ) -> None:
        if why := why_no_stream(model):
            raise InputError(_("this {kind} has no stream: {why}", kind=kind, why=why))
        self.kind, self._model, self.batch = kind, model, checked_count("n", batch)
        self._promise = promise
        self._watch: LabelledWatch | None = None
        reader = model.reader
        self.name = reader.sequences[0]
        self._reader = StepReader(reader.encoders[self.name], self.name, self.batch)
        given = _beside(reader, self.name, beside, self.batch, model.recipe.optional)
        networks: list[Any] = [member.network for member in model.members]
        self._streams = [SequenceStream(each, self.batch, given) for each in networks if _ours(each)]

    def step(self, x: Any, *, times: Any = None) -> Any:
        """The next step of every sequence and what is predicted after it: see `step_rows`."""
        return self.step_rows(None, x, times=times)

    def step_rows(self, rows: Any, x: Any, *, times: Any = None) -> Any:
        """The next step of some sequences, and what is predicted after it [k], as `predict` gives it.

        rows   k row numbers, or a mask; None: all
        x      k steps: tokens, or numbers [k, F] (also a mapping of features to k values), NaN where one is missing
        times  of each step, where the model was fitted to steps with times

        Raises InputError for steps that cannot be read; nothing has happened then.
        """
        return self._model.objective.decode(self.step_outputs(rows, x, times))

    def step_proba(self, x: Any, *, rows: Any = None, times: Any = None) -> Floats:
        """As `step` and `step_rows`, with probabilities [k, K] (of a regressor the numbers) in place of labels."""
        return self._model.objective.decoded(self.step_outputs(rows, x, times))

    def reset(self, rows: Any = None) -> None:
        """Begin anew: some sequences, or all."""
        at = self._rows(rows)
        for stream in self._streams:
            stream.reset(at)
        self._reader.last[at] = np.nan
        self._moved(at)

    def watch(self, *, alpha: float = 0.05, every: int | None = None) -> LabelledWatch:
        """Watch from here on whether the model is wrong more often than its test part promised; truths are told later.

        alpha  the probability at most with which a model that holds is ever called broken
        every  of a tagger, after how many steps a sequence that never ends counts as one

        Raises InputError where the model was fitted without being evaluated.

        >>> watch = stream.watch()  # doctest: +SKIP
        >>> stream.step("A"), watch.tell("x"), stream.reset(), watch.sentence  # doctest: +SKIP
        """
        self._watch = LabelledWatch(self._promise, self._model.objective, self.batch, alpha=alpha, every=every)
        return self._watch

    def _moved(self, at: Ints) -> None:
        if self._watch is not None:
            self._watch.end(at)

    def step_outputs(self, rows: Any, x: Any, times: Any = None) -> Floats:
        """As `step_rows`, with what the networks say, blended [k, K], in place of labels."""
        at = self._rows(rows)
        steps = self._reader.read(at, x, times)
        per_step = self._model.objective.per_step
        counts = np.array([len(each) for each in steps])
        if len(counts) and (counts.min() == 0 or (per_step and counts.max() > 1)):
            row = int(counts.argmin() if counts.min() == 0 else counts.argmax())
            expected = _("one token") if per_step else _("at least one token")
            raise InputError(
                _(
                    "the step of row {row} holds {count} tokens: expected {expected}",
                    row=int(at[row]),
                    count=int(counts[row]),
                    expected=expected,
                )
            )
        found = np.zeros((len(at), self._model.objective.outputs))
        for k in range(int(counts.max(initial=0))):
            moving = np.flatnonzero(counts > k)
            values = np.stack([steps[i][k] for i in moving])
            said = [stream.advance(at[moving], values) for stream in self._streams]
            found[moving] = np.mean(said, axis=0) if len(said) > 1 else said[0]
        outputs = self._model.blend(found)
        if self._watch is not None:
            self._watch.note(at, outputs)
        return outputs

    def _tensors(self) -> Mapping[str, npt.NDArray[Any]]:
        found = {f"{k}.{name}": a for k, stream in enumerate(self._streams) for name, a in stream.tensors.items()}
        return {**found, "times": self._reader.last}

    def _fingerprint(self) -> str:
        digest = hashlib.sha256(repr((self.batch, self._model.recipe)).encode())
        for member in self._model.members:
            for name, tensor in member.network.state_dict().items():
                digest.update(name.encode() + tensor.detach().cpu().contiguous().numpy().tobytes())
        return digest.hexdigest()

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.batch} of {self.name!r}, {self.kind})"


class LabelledStream(LabelledStreams):
    """One sequence that goes on a step at a time: `stream()` of an estimator of labelled sequences."""

    def __init__(self, model: SequenceModel, kind: str, beside: Any = None, promise: Promise | None = None) -> None:
        super().__init__(model, kind, 1, None if beside is None else {n: [v] for n, v in dict(beside).items()}, promise)

    def step(self, x: Any, *, times: Any = None) -> Any:
        """The next step, and what is predicted after it: a tag, a class, a number."""
        return self.step_rows(None, _one(x), times=times)[0]

    def step_proba(self, x: Any, *, rows: Any = None, times: Any = None) -> Floats:
        """As `step`, with the probabilities [K] in place of the label."""
        return super().step_proba(_one(x), rows=rows, times=times)[0]


def why_no_stream(model: SequenceModel) -> str:
    """Why a fitted model cannot go on a step at a time, and what would make it; "" where it can."""
    networks = [member.network for member in model.members]
    own = next((each for each in networks if not isinstance(each, SequenceNetwork)), None)
    if own is not None:
        return _("its networks are modules of your own, which do not say how they continue from one step to the next")
    for network in networks:
        assert isinstance(network, SequenceNetwork)
        if network.why_not_onward:
            return network.why_not_onward
    if model.blend.stacked:
        return _(
            "a linear model of the n-grams of the whole sequence corrects its networks (its weight is {weight})",
            weight=f"{model.blend.stacked:.2f}",
        )
    name = model.reader.sequences[0]
    encoder = model.reader.encoders[name]
    if isinstance(encoder, SeriesEncoder) and encoder.centred:
        return _("{name} is centred by the mean of the whole sequence, which is known at its end", name=name)
    return ""


def _ours(network: Any) -> bool:
    return isinstance(network, SequenceNetwork)


def _one(x: Any) -> Any:
    """One step as the only one of a list."""
    if isinstance(x, Mapping):
        return {name: [value] for name, value in x.items()}
    return [x]


def _beside(reader: Reader, moving: str, beside: Any, batch: int, optional: tuple[str, ...]) -> dict[str, InputBatch]:
    """The inputs that are no sequence, which are given once."""
    others = {name: kind for name, kind in reader.kinds.items() if name != moving}
    if not others:
        if beside is not None:
            raise InputError(_("beside is given, but the model reads nothing but {name!r}: leave it out", name=moving))
        return {}
    if beside is None:
        raise InputError(
            _(
                "the model reads {names} beside {name!r}: pass {option}, a mapping of names to a value for each "
                "sequence",
                names=listing(map(repr, others)),
                name=moving,
                option=option("beside"),
            )
        )
    examples = as_examples(beside, inputs=others, optional=optional)
    if len(examples) != batch:
        raise InputError(
            _("beside holds {given} rows: expected {count}, one for each sequence", given=len(examples), count=batch)
        )
    found = {}
    for name, fixed in Reader(others, {name: reader.encoders[name] for name in others}).encode(examples).items():
        assert isinstance(fixed, Fixed)
        codes = None if fixed.codes is None else torch.from_numpy(fixed.codes)
        found[name] = InputBatch(torch.from_numpy(fixed.values), torch.from_numpy(fixed.there).long(), codes)
    return found
