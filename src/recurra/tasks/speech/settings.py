"""What a transcriber was told: checked, and made into options, a lexicon, a language model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from recurra.data.encoders.speech import Normalise, SpeechOptions, SpeechReader
from recurra.data.encoders.spelling import Lexicon, tidy
from recurra.decoding.ctc.prefix_beam import Beam, check_width
from recurra.decoding.ngram import NGrams
from recurra.errors import InputError
from recurra.language import _, listing
from recurra.nn.transcription import TranscriptionOptions
from recurra.options import option
from recurra.tasks.parameters import check_options, check_whole, chosen_options
from recurra.tasks.speech.model import TranscriptionModel
from recurra.tasks.speech.streaming import frames_of_delay
from recurra.tasks.spoken.augmenting import Augmentation
from recurra.training import TrainingOptions

_WRITTEN = 8  # prefixes of an attention decoder, unless given


class Settings(Protocol):
    """The constructor's arguments of a transcriber."""

    features: Any
    normalise: Any
    units: Any
    lexicon: str | Path | Lexicon | None
    lm: str | Path
    decoder: Any
    beam: int | None
    streaming: bool
    delay: float
    members: int
    network: Any
    training: Any
    augment: Any


def check_settings(given: Settings) -> None:
    """Refuse settings that are none."""
    for name, choices in (
        ("features", ("log-mel", "cepstra")),
        ("normalise", ("auto", "speaker", "utterance", "corpus")),
        ("units", ("characters", "subwords", "phones")),
        ("decoder", ("ctc", "attention")),
    ):
        if getattr(given, name) not in choices:
            raise InputError(
                _(
                    "{name} is {value!r}: expected one of {choices}",
                    name=name,
                    value=getattr(given, name),
                    choices=listing(choices),
                )
            )
    width = width_of(given)
    check_width("beam", width)
    check_whole(given, members=1)
    if not isinstance(given.delay, int | float) or not 0 < given.delay <= 10:
        raise InputError(_("delay is {value!r}: expected seconds above 0, up to 10", value=given.delay))
    named = str(given.lm) not in ("learn", "none")
    if given.decoder == "attention":
        _check_attention(given, named)
    if width == 0 and (named or (given.lexicon is not None and given.units != "phones")):
        raise InputError(
            _(
                "{option} is for a search, and {beam} makes none: drop one of the two",
                option=option("lm", given.lm) if named else option("lexicon"),
                beam=option("beam", 0),
            )
        )
    if given.units == "phones" and given.lexicon is None:
        raise InputError(
            _(
                "{option} needs a lexicon that says how words are spoken: name it with {lexicon}",
                option=option("units", "phones"),
                lexicon=option("lexicon"),
            )
        )
    check_options("network", given.network, TranscriptionOptions)
    check_options("training", given.training, TrainingOptions)
    check_options("augment", given.augment, Augmentation)


def _check_attention(given: Settings, named: bool) -> None:
    """Refuse what an attention decoder has no use for."""
    attention = option("decoder", "attention")
    for wrong, told in (
        (given.streaming, option("streaming")),
        (named, option("lm", given.lm)),
        (given.lexicon is not None and given.units != "phones", option("lexicon")),
    ):
        if wrong:
            raise InputError(
                _("{attention} cannot be used with {option}: drop one of the two", attention=attention, option=told)
            )


def width_of(given: Settings) -> int:
    """How wide the search is: that of attention needs fewer, for whole texts compete and not the frames of one."""
    usual = _WRITTEN if given.decoder == "attention" else Beam().width
    return usual if given.beam is None else given.beam


def speech_options(given: Settings, speakers: npt.NDArray | None) -> SpeechOptions:
    """How frames are read; a speaker's own mean is taken off only where asked: a later file may not say who speaks."""
    usual: Normalise = "corpus" if given.streaming else "utterance"
    chosen = usual if given.normalise == "auto" else given.normalise
    if chosen == "speaker" and speakers is None:
        raise InputError(
            _(
                "{option} needs to know who speaks: name the column with {group}",
                option=option("normalise", chosen),
                group=option("group", "speaker"),
            )
        )
    if given.streaming and chosen != "corpus":
        raise InputError(
            _(
                "{option} needs a whole recording, and a stream has none: expected auto or corpus",
                option=option("normalise", chosen),
            )
        )
    return SpeechOptions(normalise=chosen, cepstra=cepstra_of_settings(given))


def network_options(given: Settings, reader: SpeechReader) -> TranscriptionOptions:
    default = TranscriptionOptions(decoder=given.decoder)
    if given.streaming:
        default = replace(default, bidirectional=False, hidden=256, ahead=frames_of_delay(reader, float(given.delay)))
    found = chosen_options(given.network, default)
    if given.streaming and found.bidirectional:
        raise InputError(
            _(
                "network asks for both directions, and {option} for one: drop one of the two",
                option=option("streaming"),
            )
        )
    if found.decoder != given.decoder:
        raise InputError(
            _(
                "network asks for decoder {own}, and {option} was given: drop one of the two",
                own=found.decoder,
                option=option("decoder", given.decoder),
            )
        )
    return found


def lexicon_of(given: Settings) -> Lexicon | None:
    if given.lexicon is None or isinstance(given.lexicon, Lexicon):
        return given.lexicon
    return Lexicon.read(_text_of(given.lexicon, "lexicon"), str(given.lexicon))


def language_of(given: Settings, texts: list[str]) -> NGrams | None:
    if not width_of(given) or given.decoder == "attention" or str(given.lm) == "none":
        return None
    return NGrams.learn(texts) if str(given.lm) == "learn" else NGrams.read(_text_of(given.lm, "lm"), str(given.lm))


def listed_words(
    given: Settings, lexicon: Lexicon | None, learnt: list[str], held: list[str], texts: list[str]
) -> tuple[str, ...]:
    """Those that may be said: of a lexicon, or of the training texts where held-out ones hardly have others."""
    if not width_of(given) or given.decoder == "attention":
        return ()
    if lexicon is not None:
        return lexicon.words
    known = {word for text in learnt for word in text.split()}
    asked = [word for text in held for word in text.split()]
    if not asked or sum(word not in known for word in asked) > 0.02 * len(asked):
        return ()
    return tuple(sorted({word for text in texts for word in text.split()}))


def doubts_of(model: TranscriptionModel, truth: list[str]) -> list[str]:
    """What makes the scores doubtful: characters, or words, that the model cannot say."""
    unknown = sorted({letter for text in truth for letter in model.spelling.unknown(text)})
    found = []
    if unknown:
        found.append(
            _(
                "Characters that never occur in training, and count as errors: {letters}.",
                letters=listing(map(repr, unknown[:10])) + (", ..." if len(unknown) > 10 else ""),
            )
        )
    if model.words:
        listed = set(model.words)
        words = [word for text in truth for word in tidy(text).split()]
        others = sum(word not in listed for word in words)
        if others:
            found.append(
                _(
                    "{n:,} of {m:,} words are not in the lexicon, and cannot be recognised.",
                    n=others,
                    m=len(words),
                )
            )
    return found


def default_training(recordings: int) -> TrainingOptions:
    """How a network is trained on so many recordings: the fewer there are, the more often each is heard."""
    epochs = float(np.clip(60_000 / max(recordings, 1), 12, 100))
    batch = 16 if recordings >= 400 else 8
    return TrainingOptions(epochs=epochs, batch_size=batch, learning_rate=2e-3)


def _text_of(path: str | Path, what: str) -> str:
    place = Path(path).expanduser()
    if not place.is_file():
        raise InputError(_("there is no file {path} ({option})", path=path, option=option(what)))
    try:
        return place.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(_("{path} is no text in UTF-8: convert it", path=path)) from error


def cepstra_of_settings(given: Settings) -> int:
    """How many cepstra a frame becomes; 0 for log-mel bands."""
    return 13 if given.features == "cepstra" else 0
