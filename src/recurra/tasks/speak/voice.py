"""Text to speech: learns recordings of somebody and what is said in them, and says other texts in that voice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from torch import nn

from recurra.data.examples.inputs import Audio
from recurra.data.examples.samples import Sound
from recurra.data.examples.splits import split_rows
from recurra.data.schema.facts import Fact
from recurra.data.text.pronunciation import Pronunciation
from recurra.errors import InputError
from recurra.evaluation.shared.evaluation import Evaluation
from recurra.language import _, mark
from recurra.nn.transcription import TranscriptionOptions
from recurra.nn.voice import VoiceOptions
from recurra.objectives.ctc import refuse_long
from recurra.options import option
from recurra.tasks.estimator import Done, Evaluated, Insight, Later, nobody
from recurra.tasks.opened import Opened, is_lines, open_examples, open_lines
from recurra.tasks.speak.evaluating import evaluate, rehearse
from recurra.tasks.speak.exported import exported
from recurra.tasks.speak.facts import model_facts
from recurra.tasks.speak.model import (
    BANDS,
    HOP,
    WINDOW,
    Performance,
    VoiceModel,
    build_listener,
    build_voice,
    fit_model,
    with_baselines,
)
from recurra.tasks.speak.problem import measured
from recurra.tasks.speak.reading import double_facts, refuse_features, script_in, voices_of
from recurra.tasks.speak.results import (
    FORMATS,
    Clock,
    SpokenPreview,
    evaluation_frame,
    joined,
    spoken_frame,
    write_sound,
)
from recurra.tasks.speak.scripts import Script, speaker_numbers, spoken_parts
from recurra.tasks.speak.settings import check_settings, level_of, recipe_of
from recurra.tasks.speak.shown import PANELS, panel_data
from recurra.tasks.spoken.estimator import SpokenEstimator
from recurra.tasks.spoken.utterances import (
    SpeechRoles,
    Utterances,
    length_facts,
    roles_of_file,
    utterances_in,
    utterances_of,
)
from recurra.tasks.studied import Gathered, Tested, no_columns, single_column
from recurra.training import Run, TrainingOptions

Ints = npt.NDArray[np.int64]

HIGHEST = 16_000  # Hz, unless asked for otherwise: nothing above 8 kHz is needed to be understood
_HELD, _MOST_HELD = 0.05, 60  # share of the training recordings, and number, that end the trainings
_FEWEST = 20  # recordings below which none is held out
_STACK = 2
_ONE = mark("not known: all recordings are one voice")


class Voice(SpokenEstimator):
    """A voice out of recordings: text to symbols, by recurrent layers to a spectrum, by Griffin-Lim to sound.

    rate        sample rate [Hz]; None: the commonest of the files, at most 16,000
    units       what a text is read as: "characters", "pinyin" with tones, or "phones"; "auto": pinyin of Chinese
    language    of phones, in espeak-ng's words
    iterations  rounds of Griffin-Lim
    network, training      sizes and learning of the voice: options or a mapping of some
    hearing, listening     the same of the aligner and the recogniser

    Durations are those that an aligner finds, a network of CTC whose spikes are made segments; no attention is learnt.

    >>> from recurra.data.demo.numbers import make_voice
    >>> spoken = make_voice(24)
    >>> quick = {"network": {"hidden": 8, "encoder": 8, "melody": 8, "layers": 1}, "hearing": {"hidden": 8}}
    >>> quick |= {"training": {"epochs": 1}, "listening": {"epochs": 1}, "iterations": 2}
    >>> voice = Voice(**quick).fit(spoken["audio"], spoken["words"])
    >>> voice.predict(["one two"])[0].rate
    8000
    """

    KIND: ClassVar[str] = "voice"
    EXPORT = staticmethod(exported)
    MODEL: ClassVar[type] = VoiceModel
    PANELS: ClassVar[tuple[Any, ...]] = PANELS
    UNKEPT: ClassVar[tuple[str, ...]] = ("members", "units")
    PACKAGES: ClassVar[tuple[str, ...]] = ("torch", "numpy", "scipy", "pandas")
    TOGETHER: ClassVar[str] = mark("{part} of {number} texts, with all of their recordings")
    SHARE: ClassVar[float] = 0.1
    asks: ClassVar[tuple[str, ...]] = ("speaker", "pace")
    produces: ClassVar[str] = "spoken.wav"
    sounds: ClassVar[tuple[str, ...]] = tuple(FORMATS)
    members = 3  # networks that are trained, one after the other

    _OPTIONS = ("network", "hearing", "training", "listening")

    def __init__(
        self,
        *,
        rate: int | None = None,
        units: Literal["auto", "characters", "pinyin", "phones"] = "auto",
        language: str = "",
        iterations: int = 32,
        cell: str = "gru",
        network: VoiceOptions | Mapping[str, Any] | None = None,
        hearing: TranscriptionOptions | Mapping[str, Any] | None = None,
        training: TrainingOptions | Mapping[str, Any] | None = None,
        listening: TrainingOptions | Mapping[str, Any] | None = None,
        seed: int = 0,
        device: str = "auto",
        verbose: bool | None = None,
    ) -> None:
        self.rate = rate
        self.units: Any = units
        self.language = language
        self.iterations = iterations
        self.cell = cell
        self.network = network
        self.hearing = hearing
        self.training = training
        self.listening = listening
        self.seed = seed
        self.device = device
        self.verbose = verbose

    # In Python

    def predict(self, X: Any, *, speaker: str | Sequence[str] | None = None, pace: float = 1.0) -> list[Sound]:
        """What each of the texts X sounds like, by one speaker or one for each, `pace` times as fast."""
        if isinstance(X, str) or not hasattr(X, "__iter__"):
            raise InputError(_("{name} is {kind}: expected a list of texts", name="X", kind=type(X).__name__))
        texts = list(X)
        names = None if speaker is None else [speaker] * len(texts) if isinstance(speaker, str) else list(speaker)
        model = self._fitted()
        rate = int(model.vocoder.kind.rate)
        said = self._performed(texts, speaker_numbers(model, names, len(texts)), pace, lambda k: f"X[{k}]")
        return [Sound(self._sounded(parts), rate) for parts in said]

    def evaluate(self, X: Any, y: Any, *, groups: Any = None) -> Evaluation:
        """Evaluate the fitted voice on recordings whose texts are known, beside the baselines that it keeps."""
        data = self._utterances(X, y, groups, kind=self._fitted().vocoder.kind)
        data.refuse_unknown("y")
        self.holdout_ = self._evaluated(self._fitted(), data, np.arange(len(data)))
        return self.holdout_.evaluation

    def explain(self, X: Any, *, speaker: str | None = None) -> pd.DataFrame:
        """Each sound of the texts X: text, symbol, start [s], end [s], pitch [Hz, NaN where there is none]."""
        from recurra.tasks.speak.looking import sounds_of

        texts = list(X)
        who = speaker_numbers(self._fitted(), None if speaker is None else [speaker] * len(texts), len(texts))
        return sounds_of(self._fitted(), self._performed(texts, who, 1.0, lambda k: f"X[{k}]"))

    # What `tasks.studied` asks for

    def read_file(self, file: str, reading: Mapping[str, Any], columns: Mapping[str, Any] | None = None) -> Opened:
        """A table; of a fitted voice's later files also a text, a line each, and - for standard input."""
        if columns is None and is_lines(file):
            opened = open_lines(file)
            there = opened.frame["text"].str.strip() != ""
            return replace(opened, frame=opened.frame[there])
        return super().read_file(file, reading, columns)

    def _texts(self, columns: Mapping[str, Any] | None) -> set[str]:
        return {"text"} if columns is None and self.roles_ is None else super()._texts(columns)

    def _gathered(self, opened: Opened, roles: Any, **columns: Any) -> Gathered:
        named = {name: single_column(columns.pop(name, None), name) for name in ("audio", "text", "speaker", "split")}
        test = columns.pop("test", None)
        no_columns(columns)
        if hasattr(self, "model_"):
            return script_in(opened, roles, lambda own: self._heard(opened, own))
        check_settings(self)
        split = named.pop("split")
        roles, facts = roles_of_file(opened, named, speaker="speaker", nobody=_ONE)
        return self._gathered_parts(opened, roles, facts, self._kind(), split, test)

    def _doubts(self, data: Utterances) -> list[Fact]:
        return double_facts(data)

    def _together(self, data: Utterances) -> Ints | None:
        texts = data.text_fingerprints()
        return texts if len(np.unique(texts)) < len(texts) else None

    def _trained(self, data: Utterances, *, run: Run, name: str) -> VoiceModel:
        check_settings(self)
        texts, kind = data.known, data.recordings.kind
        assert kind is not None
        rules = Pronunciation.learn(texts, level_of(self, texts), language=self.language)
        symbols = [rules.encode(text, what=who) for text, who in zip(texts, data.recordings.names, strict=True)]
        sounds = [own[own >= rules.pauses] for own in symbols]
        lengths = data.recordings.frames.lengths
        refuse_long(sounds, -(-lengths // _STACK), data.recordings.names, texts)
        names, speakers = voices_of(data)
        held = np.zeros(0, np.int64)
        if len(data) >= _FEWEST:
            share = min(_HELD, _MOST_HELD / len(data))
            held = split_rows(len(data), share=max(share, 1 / len(data)), seed=int(self.seed)).test
        recipe = recipe_of(self, len(data))
        frames = data.recordings.frames
        return fit_model(frames, symbols, speakers, names, rules, kind, int(self.iterations), recipe, held, run=run)

    def _refuse_parts(self, learnt: Utterances, tested: Utterances) -> None:
        rules = Pronunciation.learn(learnt.known, level_of(self, learnt.known), language=self.language)
        if all(rules.unknown(text) for text in tested.known):
            raise InputError(_("every test sentence has a sound that the training part does not have"))

    def _with_baselines(self, model: VoiceModel, data: Utterances) -> VoiceModel:
        symbols = [model.pronunciation.encode(text, what="text") for text in data.known]
        return with_baselines(model, data.recordings.frames, symbols, self._numbers(model, data))

    def _evaluated(self, model: VoiceModel, data: Utterances, rows: Ints, *, done: Done = nobody) -> Tested:
        frames, speakers = data.recordings.frames, self._numbers(model, data)
        found, notes = rehearse(model, frames, data.known, speakers, done)
        if self.seen_ is not None and (again := int(np.isin(data.text_fingerprints(), self.seen_).sum())):
            notes.append(
                _("{n:,} of {m:,} texts were learnt from: the scores flatter the voice.", n=again, m=len(data))
            )
        if model.units is None:
            notes.append(_("Unit selection is compared with after learning only: a model file keeps no recordings."))
        texts = data.text_fingerprints()[found.numbers]  # a text that several speakers say is one sentence
        evaluation = evaluate(model, found, notes, groups=texts, seed=model.recipe.seed)
        return Tested(model, data, found, evaluation, rows)

    def evaluated(self, later: Later, **shown: Any) -> Evaluated:
        """By the recordings that the file names."""
        found = self._later(later)
        script: Script = found.data
        if script.recordings is None:
            raise InputError(
                _(
                    "{source} names no recordings, by which a voice is evaluated: expected the columns that it was "
                    "learnt from",
                    source=later.source,
                )
            )
        data = script.recordings()
        facts = [*later.facts, *length_facts(data)]
        return super().evaluated(replace(later, data=replace(found, data=data), facts=facts), **shown)

    def _frame(self, tested: Tested) -> pd.DataFrame:
        return evaluation_frame(tested.model, tested.data, tested.produced, tested.rows)

    def _predicted(self, data: Script, rows: Ints, done: Done, **shown: Any) -> Iterator[pd.DataFrame]:
        for frame, _sound in self._spoken(data, done, **shown):
            yield frame

    def write(
        self, later: Later | None, out: Path, *, done: Done = nobody, see: Callable[[Any], None], **shown: Any
    ) -> None:
        """Speak the texts of a later file into one sound file, one after the other."""
        found = self._later(later)
        rate = int(self._fitted().vocoder.kind.rate)
        sounds = []
        for frame, samples in self._spoken(found.data, done, aloud=True, **shown):
            see(frame)
            sounds.append(Sound(samples, rate))
        write_sound(out, joined(sounds), rate)

    def _spoken(
        self,
        script: Script,
        done: Done,
        *,
        speaker: str | None = None,
        pace: float = 1.0,
        aloud: bool = False,
        levels: Any = None,
    ) -> Iterator[tuple[pd.DataFrame, Any]]:
        """A row for each text of a script and, where they are said aloud, its samples."""
        model = self._fitted()
        names = [speaker] * len(script) if speaker is not None else script.speakers
        who = speaker_numbers(model, names, len(script))
        self.clock_ = clock = Clock()
        for k, text in enumerate(script.texts):
            begun = time.process_time()
            row = int(script.rows[k]) + 1
            parts = self._performed([text], who[k : k + 1], pace, lambda _k, row=row: _("row {row}", row=row))
            samples = self._sounded(parts[0]) if aloud else None
            if samples is not None:
                clock.spent += time.process_time() - begun
                clock.said += len(samples) / model.vocoder.kind.rate
            yield spoken_frame(model, script.rows[k : k + 1], [text], who[k : k + 1], parts), samples
            done(k + 1)

    def _performed(
        self, texts: Sequence[Any], speakers: Ints, pace: float, what: Callable[[int], str]
    ) -> list[list[tuple[Ints, Performance]]]:
        """The sentences of each text, as symbols and what is said of them."""
        if isinstance(pace, bool) or not isinstance(pace, int | float) or not 0.25 <= pace <= 4:
            raise InputError(_("{option} is {value!r}: expected 0.25 to 4", option=option("pace"), value=pace))
        model = self._fitted()
        parts = []
        for k, text in enumerate(texts):
            if not isinstance(text, str):
                raise InputError(_("{what} is {value!r}: expected a text", what=what(k), value=text))
            parts.append(spoken_parts(model, text, what=what(k)))
        flat = [symbols for each in parts for symbols in each]
        who = np.repeat(speakers, [len(each) for each in parts])
        said = iter(model.perform(flat, who, pace=float(pace)))
        return [[(symbols, next(said)) for symbols in each] for each in parts]

    def _sounded(self, parts: Sequence[tuple[Ints, Performance]]) -> npt.NDArray[np.float32]:
        model = self._fitted()
        return np.concatenate([model.samples(each.bands) for _symbols, each in parts])

    @classmethod
    def _network(cls, parts: Mapping[str, Any]) -> nn.Module:
        return cls._network_at(parts, 2)

    @classmethod
    def _network_at(cls, parts: Mapping[str, Any], number: int) -> nn.Module:
        if number < 2:
            return build_listener(parts["reader"], parts["pronunciation"], parts["recipe"])
        return build_voice(parts["pronunciation"], len(parts["speakers"]), parts["vocoder"].kind, parts["recipe"])

    def _settings_of(self, model: VoiceModel) -> dict[str, Any]:
        return super()._settings_of(model) | {
            "rate": model.vocoder.kind.rate,
            "units": model.pronunciation.level,
            "language": model.pronunciation.language,
            "iterations": model.vocoder.iterations,
        }

    def _title(self) -> str:
        return _("A voice")

    def _panel_data(self, tested: Tested) -> dict[str, Any]:
        return panel_data(tested)

    def facts(self) -> list[Fact]:
        """What the fitted estimator decided by itself, and how to decide otherwise."""
        return model_facts(self._fitted())

    def preview(self) -> SpokenPreview:
        """The first texts, and how fast they were said."""
        return SpokenPreview(lambda: getattr(self, "clock_", None))

    def insight(self, later: Later | None, *, step: int | None = None, done: Done = nobody) -> Insight:
        """What the networks remember, how long each sound is held, and the melody of the texts."""
        from recurra.tasks.speak.looking import insight_of

        self._refuse_step(step)
        model, found = self._fitted(), self._later(later)
        assert later is not None
        script: Script = found.data
        who = speaker_numbers(model, script.speakers, len(script))
        said = self._performed(script.texts, who, 1.0, lambda k: _("row {row}", row=int(script.rows[k]) + 1))
        done(len(script))
        return insight_of(model, said, later.facts)

    # How it reads

    def _kind(self) -> Audio:
        return Audio(rate=self.rate, bands=BANDS, window=WINDOW, hop=HOP, absolute=True)

    def _utterances(self, X: Any, y: Any, groups: Any, *, kind: Audio | None = None) -> Utterances:
        check_settings(self)
        data = utterances_of(X, y, groups, kind or self._kind(), measure=measured, highest=HIGHEST)
        refuse_features(data)
        return data

    def _opened_utterances(self, opened: Opened, roles: SpeechRoles, kind: Audio | None) -> Utterances:
        data = utterances_in(opened, roles, kind, texts=True, measure=measured, highest=HIGHEST)
        refuse_features(data)
        return data

    def _open_test(self, file: str, opened: Opened, roles: SpeechRoles) -> Opened:
        return open_examples(file, opened.reading, text={roles.text})

    def _heard(self, opened: Opened, roles: SpeechRoles) -> Utterances:
        """The recordings that a later file names beside its texts."""
        data = self._opened_utterances(opened, roles, self._fitted().vocoder.kind)
        data.refuse_unknown(opened.source)
        return data

    def _numbers(self, model: VoiceModel, data: Utterances) -> Ints:
        names = None if data.speakers is None else data.speakers.tolist()
        return speaker_numbers(model, names, len(data))

    def _seen(self, data: Utterances) -> Ints:
        return np.unique(data.text_fingerprints())
