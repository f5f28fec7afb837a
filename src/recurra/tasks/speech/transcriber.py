"""Speech to text: learns recordings and what is said in them, and says of new ones what is said, word by word and "
"when."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd
from torch import nn

from recurra.data.encoders.speech import Normalise, SpeechReader
from recurra.data.encoders.spelling import Lexicon, Spelling, Units
from recurra.data.examples.inputs import Audio
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.splits import split_rows
from recurra.data.schema.facts import Fact
from recurra.decoding.ctc.prefix_beam import Beam
from recurra.evaluation.shared.evaluation import MODEL, Evaluation
from recurra.evaluation.transcripts.error_rates import evaluate_transcripts
from recurra.evaluation.transcripts.templates import Templates
from recurra.language import _, mark
from recurra.nn.transcription import TranscriptionOptions
from recurra.objectives.ctc import refuse_long
from recurra.tasks.estimator import Done, Insight, Later, Preview, nobody
from recurra.tasks.memory import memory_sentences, remembered
from recurra.tasks.opened import Opened
from recurra.tasks.parameters import chosen_options
from recurra.tasks.speech.exported import exported
from recurra.tasks.speech.facts import model_facts
from recurra.tasks.speech.model import Recipe, Transcript, TranscriptionModel, build_network, fit_model
from recurra.tasks.speech.results import TranscriptPreview, evaluation_frame, transcript_frame
from recurra.tasks.speech.settings import (
    cepstra_of_settings,
    check_settings,
    default_training,
    doubts_of,
    language_of,
    lexicon_of,
    listed_words,
    network_options,
    speech_options,
    width_of,
)
from recurra.tasks.speech.shown import PANELS, panel_data
from recurra.tasks.speech.streaming import SpeechStream
from recurra.tasks.spoken.augmenting import Augmentation
from recurra.tasks.spoken.estimator import SpokenEstimator
from recurra.tasks.spoken.problem import SpeechData
from recurra.tasks.spoken.sources import open_recordings
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

FREQUENT, NEAREST = mark("most frequent text"), mark("nearest recording (DTW)")
_HELD = 0.1  # share of the training recordings, or of their speakers, that is held out
_FEWEST = 20  # recordings below which none is
_COMPARED = 2000  # test recordings for which the nearest is looked up; more would take longer than the training
_AT_ONCE = 64


class Transcriber(SpokenEstimator):
    """What is said in recordings, by recurrent layers that learn with connectionist temporal classification.

    rate        sample rate [Hz] at which sound is read; of samples given as arrays theirs. None: the commonest of the
                files, and arrays [T, C] are features
    features    "log-mel", 40 bands, or "cepstra", their first 13 coefficients
    normalise   whose mean and spread are taken off: "speaker" (later recordings should say theirs, too), "utterance" or
                "corpus"; "auto": the utterance, or the corpus where `streaming`
    units       what a step says: "characters", "subwords", or "phones" of a lexicon
    lexicon     the words that may be said: a file, a word a line or a word and its phones; None: those of the training
                texts where nearly all words of held-out texts are among them
    lm          "learn" a model of the words' order from the training texts, "none", or a file in the ARPA format
    decoder     "ctc", or "attention": units are written one by one by a second network that attends to the frames, and
                CTC only says which of its texts are in them
    beam        prefixes that the search follows (None: 24 of CTC, 8 of attention); 0 takes the likeliest unit of every
                step
    streaming   a network that reads sound as it comes, with a `delay` [s]
    network, training, augment      sizes, learning, and how recordings are changed: options or a mapping of some

    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> tones = {"low": 0.0, "high": 3.0}
    >>> y = ["low high", "high", "low", "high low"] * 3
    >>> X = [np.concatenate([rng.normal(tones[w], 1, (12, 4)) for w in text.split()]) for text in y]
    >>> quick = {"network": {"hidden": 8, "layers": 1}, "training": {"epochs": 1}}
    >>> len(Transcriber(**quick).fit(X, y).predict(X))
    12
    """

    KIND: ClassVar[str] = "transcriber"
    EXPORT = staticmethod(exported)
    MODEL: ClassVar[type] = TranscriptionModel
    PANELS: ClassVar[tuple[Any, ...]] = PANELS
    PACKAGES: ClassVar[tuple[str, ...]] = ("torch", "numpy", "pandas", "scipy")
    refit: ClassVar[bool] = False

    _OPTIONS = ("network", "training", "augment")

    def __init__(
        self,
        *,
        rate: int | None = None,
        features: Literal["log-mel", "cepstra"] = "log-mel",
        normalise: Literal["auto"] | Normalise = "auto",
        units: Units = "characters",
        lexicon: str | Path | Lexicon | None = None,
        lm: str | Path = "learn",
        decoder: Literal["ctc", "attention"] = "ctc",
        beam: int | None = None,
        streaming: bool = False,
        delay: float = 0.4,
        cell: str = "gru",
        members: int = 1,
        network: TranscriptionOptions | Mapping[str, Any] | None = None,
        training: TrainingOptions | Mapping[str, Any] | None = None,
        augment: Augmentation | Mapping[str, Any] | None = None,
        seed: int = 0,
        device: str = "auto",
        verbose: bool | None = None,
    ) -> None:
        self.rate = rate
        self.features = features
        self.normalise = normalise
        self.units: Units = units
        self.lexicon = lexicon
        self.lm = lm
        self.decoder: Literal["ctc", "attention"] = decoder
        self.beam = beam
        self.streaming = streaming
        self.delay = delay
        self.cell = cell
        self.members = members
        self.network = network
        self.training = training
        self.augment = augment
        self.seed = seed
        self.device = device
        self.verbose = verbose

    # In Python

    def predict(self, X: Any, *, groups: Any = None) -> list[str]:
        """What is said in the recordings X."""
        return [transcript.text for transcript in self.transcripts(X, groups=groups)]

    def transcripts(self, X: Any, *, groups: Any = None) -> list[Transcript]:
        """The same with the times and the confidence of every word."""
        model = self._fitted()
        return model.transcripts(self._normal(model, self._later_utterances(X, None, groups)))

    def evaluate(self, X: Any, y: Any, *, groups: Any = None) -> Evaluation:
        """Evaluate the fitted model on recordings with known texts, against the baselines fitted with it."""
        data = self._later_utterances(X, y, groups)
        data.refuse_unknown("y")
        self.holdout_ = self._evaluated(self._fitted(), data, np.arange(len(data)))
        return self.holdout_.evaluation

    def explain(self, X: Any, *, groups: Any = None) -> pd.DataFrame:
        """When each word was said and how sure that is: recording, word, start [s], end [s], confidence."""
        rows = [
            (k, word.text, word.start, word.end, word.confidence)
            for k, transcript in enumerate(self.transcripts(X, groups=groups))
            for word in transcript.words
        ]
        return pd.DataFrame(rows, columns=["recording", "word", "start", "end", "confidence"])

    def stream(self) -> SpeechStream:
        """A recogniser that is fed with samples as they come.

        Raises InputError for a model that needs whole recordings: fit it with `streaming=True`.
        """
        return SpeechStream(self._fitted())

    # What `tasks.studied` asks for

    def read_file(self, file: str, reading: Mapping[str, Any], columns: Mapping[str, Any] | None = None) -> Opened:
        """The rows of a table, or a sound file, or a folder of them, as a table of one column."""
        audio = self.roles_.audio if columns is None and self.roles_ is not None else "audio"
        return open_recordings(file, reading, text=self._texts(columns), column=audio, later=columns is None)

    def _gathered(self, opened: Opened, roles: Any, **columns: Any) -> Gathered:
        named = {name: single_column(columns.pop(name, None), name) for name in ("audio", "text", "group", "split")}
        test = columns.pop("test", None)
        no_columns(columns)
        if roles is not None:
            kind = self._fitted().reader.kind
            data = self._in_file(opened, roles, kind, texts=False)
            return Gathered(data, np.arange(len(data)), roles, length_facts(data))
        check_settings(self)
        split = named.pop("split")
        roles, facts = roles_of_file(opened, named)
        return self._gathered_parts(opened, roles, facts, self._kind(), split, test)

    def _together(self, data: Utterances) -> npt.NDArray[np.str_] | None:
        return data.speakers if data.voices > 1 else None

    def _trained(self, data: Utterances, *, run: Run, name: str) -> TranscriptionModel:
        check_settings(self)
        texts, speakers, frames = data.known, data.speakers, data.recordings.frames
        reader = SpeechReader.learn(frames, speakers, speech_options(self, speakers), data.recordings.kind)
        lexicon = lexicon_of(self)
        level: Units = self.units
        spelling = Spelling.learn(texts, level, lexicon=lexicon)
        units = [spelling.units(text) for text in texts]
        refuse_long(units, reader.count(frames.lengths), data.recordings.names, texts)
        learnt, held = self._held_out(data)
        language = language_of(self, texts)
        words = listed_words(self, lexicon, [texts[k] for k in learnt], [texts[k] for k in held], texts)
        recipe = Recipe(
            self.cell,
            int(self.members),
            network_options(self, reader),
            chosen_options(self.training, default_training(len(learnt))),
            chosen_options(self.augment, Augmentation()),
            int(self.seed),
        )
        return fit_model(
            SpeechData(reader, reader.normalised(frames, speakers), units),
            texts,
            recipe,
            spelling,
            language,
            words,
            Beam(width=width_of(self)),
            learnt,
            held,
            run=run,
            name=name,
        )

    def _with_baselines(self, model: TranscriptionModel, data: Utterances) -> TranscriptionModel:
        texts = data.known
        frequent = str(pd.Series(texts).value_counts(sort=True).index[0])
        templates = Templates.learn(self._normal(model, data), texts)
        heard = np.unique(data.text_fingerprints())
        return replace(model, frequent=frequent, templates=templates, heard=heard)

    def _evaluated(self, model: TranscriptionModel, data: Utterances, rows: Ints, *, done: Done = nobody) -> Tested:
        found = []
        normal = self._normal(model, data)
        for first in range(0, len(data), _AT_ONCE):
            part = np.arange(first, min(first + _AT_ONCE, len(data)))
            found += model.transcripts(normal.take(part))
            done(int(part[-1]) + 1)
        said = {MODEL: [transcript.text for transcript in found], FREQUENT: [model.frequent] * len(data)}
        if model.templates is not None and len(data) <= _COMPARED:
            said[NEAREST] = model.templates.nearest(normal)
        truth = data.known
        evaluation = evaluate_transcripts(truth, said, speakers=self._together(data), seed=model.recipe.seed)
        alone = [_("All recordings are of one speaker: the scores hold for this speaker only.")]
        only = alone if data.voices == 1 else []
        notes = (*evaluation.notes, *only, *doubts_of(model, truth), *self._again(model, data))
        evaluation = replace(evaluation, notes=notes)
        return Tested(model, data, found, evaluation, rows)

    def _frame(self, tested: Tested) -> pd.DataFrame:
        return evaluation_frame(tested.data, tested.produced, tested.rows)

    def _predicted(self, data: Utterances, rows: Ints, done: Done, **shown: Any) -> Iterator[pd.DataFrame]:
        model = self._fitted()
        normal = self._normal(model, data)
        for first in range(0, len(data), _AT_ONCE):
            part = np.arange(first, min(first + _AT_ONCE, len(data)))
            yield transcript_frame(data.take(part), model.transcripts(normal.take(part)), rows[part])
            done(int(part[-1]) + 1)

    @classmethod
    def _network(cls, parts: Mapping[str, Any]) -> nn.Module:
        return build_network(parts["reader"], parts["spelling"], parts["recipe"])

    def _settings_of(self, model: TranscriptionModel) -> dict[str, Any]:
        kind, options = model.reader.kind, model.reader.options
        return super()._settings_of(model) | {
            "rate": None if kind is None else kind.rate,
            "features": "cepstra" if options.cepstra else "log-mel",
            "normalise": options.normalise,
            "units": model.spelling.level,
            "decoder": model.recipe.network.decoder,
            "beam": model.beam.width,
            "lm": "none" if model.language is None else "learn",
            "streaming": not model.recipe.network.bidirectional,
        }

    def _title(self) -> str:
        return _("Transcription of recordings")

    def _panel_data(self, tested: Tested) -> dict[str, Any]:
        return panel_data(tested, self._normal(tested.model, tested.data))

    def facts(self) -> list[Fact]:
        """What the fitted estimator decided by itself, and how to decide otherwise."""
        return model_facts(self._fitted())

    def preview(self) -> Preview:
        """The first transcripts."""
        return TranscriptPreview()

    def insight(self, later: Later | None, *, step: int | None = None, done: Done = nobody) -> Insight:
        """What the networks remember, and the words that they are least sure of."""
        from recurra.tasks.speech.looking import insight_of

        self._refuse_step(step)
        model, found = self._fitted(), self._later(later)
        assert later is not None
        seen = remembered(model.members)
        return insight_of(
            model, found.data, self._normal(model, found.data), later.facts, memory_sentences(seen), seen, done
        )

    # How it reads

    def _utterances(self, X: Any, y: Any, groups: Any, *, kind: Audio | None = None) -> Utterances:
        check_settings(self)
        return utterances_of(X, y, groups, kind or self._kind(), cepstra=cepstra_of_settings(self), features=None)

    def _later_utterances(self, X: Any, y: Any, groups: Any) -> Utterances:
        reader = self._fitted().reader
        features = len(reader.mean) if reader.kind is None else None
        return utterances_of(X, y, groups, reader.kind or Audio(), cepstra=reader.options.cepstra, features=features)

    def _in_file(self, opened: Opened, roles: SpeechRoles, kind: Audio | None, *, texts: bool) -> Utterances:
        fitted = getattr(self, "model_", None)
        known = len(fitted.reader.mean) if fitted is not None and fitted.reader.kind is None else None
        return utterances_in(opened, roles, kind, cepstra=cepstra_of_settings(self), features=known, texts=texts)

    def _opened_utterances(self, opened: Opened, roles: SpeechRoles, kind: Audio | None) -> Utterances:
        return self._in_file(opened, roles, kind, texts=True)

    def _open_test(self, file: str, opened: Opened, roles: SpeechRoles) -> Opened:
        return open_recordings(file, opened.reading, text={roles.text}, column=roles.audio, later=False)

    @staticmethod
    def _normal(model: TranscriptionModel, data: Utterances) -> Ragged:
        return model.reader.normalised(data.recordings.frames, data.speakers)

    def _kind(self) -> Audio:
        return Audio(rate=self.rate, absolute=bool(self.streaming))

    def _held_out(self, data: Utterances) -> tuple[Ints, Ints]:
        """The recordings that are learnt from, and those that end the training."""
        if len(data) < _FEWEST:
            return np.arange(len(data)), np.zeros(0, np.int64)
        several = data.speakers is not None and len(np.unique(data.speakers)) >= 5
        parts = split_rows(len(data), share=_HELD, groups=data.speakers if several else None, seed=int(self.seed))
        return parts.train, parts.test

    def _seen(self, data: Utterances) -> Ints:
        return np.unique(data.fingerprints())

    def _again(self, model: TranscriptionModel, data: Utterances) -> list[str]:
        """What of the recordings was learnt from, which makes the scores better than they are."""
        seen = np.zeros(len(data), bool) if self.seen_ is None else np.isin(data.fingerprints(), self.seen_)
        if seen.any():
            told = _(
                "The model was trained on {n:,} of {m:,} recordings: the scores are too good.",
                n=seen.sum(),
                m=len(data),
            )
            return [told]
        again = int(np.isin(data.text_fingerprints(), model.heard).sum())
        if not again or model.language is None:
            return []
        return [
            _(
                "{n:,} of {m:,} texts were also said in the training part: the language model knows them.",
                n=again,
                m=len(data),
            )
        ]
