"""What a voice was told: checked, and made into options."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np

from recurra.data.text.pronunciation import Level, chosen_level
from recurra.errors import InputError
from recurra.language import _, listing
from recurra.nn.transcription import TranscriptionOptions
from recurra.nn.voice import VoiceOptions
from recurra.options import option
from recurra.tasks.parameters import check_options, chosen_options
from recurra.tasks.speak.model import Recipe
from recurra.training import TrainingOptions

UNITS = ("auto", "characters", "pinyin", "phones")
_SMALL = 400  # recordings below which networks are smaller
_STEPS = 250  # of the voice's training at least; half as many of the recogniser's


class Settings(Protocol):
    """The constructor's arguments of a voice."""

    units: Any
    language: str
    iterations: int
    cell: str
    network: Any
    hearing: Any
    training: Any
    listening: Any
    seed: int


def check_settings(given: Settings) -> None:
    """Refuse settings that are none."""
    if given.units not in UNITS:
        raise InputError(
            _(
                "{name} is {value!r}: expected one of {choices}",
                name="units",
                value=given.units,
                choices=listing(UNITS),
            )
        )
    value = given.iterations
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 10_000:
        raise InputError(_("iterations is {value!r}: expected a whole number from 0 to 10,000", value=value))
    if given.language and given.units != "phones":
        raise InputError(
            _(
                "{option} is for phones: pass {units} with it, or leave it out",
                option=option("language", given.language),
                units=option("units", "phones"),
            )
        )
    check_options("network", given.network, VoiceOptions)
    check_options("hearing", given.hearing, TranscriptionOptions)
    check_options("training", given.training, TrainingOptions)
    check_options("listening", given.listening, TrainingOptions)


def level_of(given: Settings, texts: Sequence[str]) -> Level:
    """What a symbol is, as given, or as the texts are written."""
    return chosen_level(texts) if given.units == "auto" else given.units


def recipe_of(given: Settings, recordings: int) -> Recipe:
    """Networks and trainings for so many recordings: of many there is more to be learnt."""
    small = recordings < _SMALL
    network = VoiceOptions(embedding=96, encoder=96, melody=64, hidden=128) if small else VoiceOptions()
    hearing = TranscriptionOptions(hidden=96 if small else 128, layers=2, dropout=0.2)
    batch = 16 if recordings >= 64 else 4
    a_pass = max(recordings, 1) / batch
    passes = max(float(np.clip(18 + recordings / 100, 18, 32)), _STEPS / a_pass)
    heard = max(float(np.clip(10 + recordings / 100, 10, 24)), _STEPS / 2 / a_pass)
    return Recipe(
        given.cell,
        chosen_options(given.network, network),
        chosen_options(given.hearing, hearing),
        chosen_options(given.training, TrainingOptions(epochs=passes, batch_size=batch, learning_rate=2e-3)),
        chosen_options(given.listening, TrainingOptions(epochs=heard, batch_size=batch, learning_rate=3e-3)),
        int(given.seed),
    )
