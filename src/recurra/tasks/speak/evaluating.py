"""How a voice is evaluated: sentences that it did not learn from, spoken, heard again, and compared with recordings.

Every method makes bands, which become sound, of which bands and pitch are measured once more, as a listener would have
them. The recogniser hears all of these; it also hears the recordings' own bands made sound again, which is as well as
any method could do that goes through them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from recurra.data.examples.ragged import Ragged
from recurra.data.schema.names import counted
from recurra.decoding.ctc.distance import edit_distance
from recurra.errors import InputError
from recurra.evaluation.shared.bootstrap import Score, mean_score, ratio
from recurra.evaluation.shared.evaluation import MODEL, Evaluation, evaluate_scores
from recurra.evaluation.voices.distance import distance
from recurra.language import _, mark
from recurra.tasks.speak.model import VoiceModel
from recurra.tasks.speak.problem import measured

Floats = npt.NDArray[np.float32]
Ints = npt.NDArray[np.int64]

JOINED, MEAN = mark("unit selection"), mark("mean of each symbol")
MCD, DURATION, PITCH, HEARD = mark("MCD"), mark("duration error"), mark("F0 error"), mark("recogniser error")
_MOST = 400  # sentences


@dataclass(frozen=True, eq=False)
class Rendered:
    """A sentence by one method: its bands, the frames of each symbol, and what was measured of its sound."""

    bands: Floats
    durations: Ints
    cepstral: float
    pitch: tuple[float, int]  # squared semitones, of so many frames
    late: float  # seconds of wrong duration, of all sounds together
    heard: tuple[int, ...]
    wrong: int


@dataclass(frozen=True, eq=False)
class Rehearsal:
    """What was found of N sentences: `numbers` of those that were spoken, their symbols, the frames of each in the
    recordings, every method's renderings, the recordings' own, and the seconds that speaking took a second of sound."""

    numbers: Ints
    symbols: list[Ints]
    words: list[int]
    durations: list[Ints]
    methods: dict[str, list[Rendered]]
    again: list[Rendered]
    real_time: float


def rehearse(
    model: VoiceModel, frames: Ragged, texts: Sequence[str], speakers: Ints, done: Callable[[int], None]
) -> tuple[Rehearsal, list[str]]:
    """Speak texts whose recordings are known, by every method; and what is to be said of those that were left out."""
    known = [k for k, text in enumerate(texts) if not model.pronunciation.unknown(text)]
    notes = []
    if len(known) < len(texts):
        notes.append(
            _(
                "{n:,} of {m:,} sentences have a sound that the training part does not have, and are not evaluated.",
                n=len(texts) - len(known),
                m=len(texts),
            )
        )
    if not known:
        raise InputError(_("every test sentence has a sound that the training part does not have"))
    if len(known) > _MOST:
        known = [known[k] for k in np.unique(np.linspace(0, len(known) - 1, _MOST).astype(np.int64)).tolist()]
        notes.append(_("Evaluated by {sentences}, spread evenly.", sentences=counted(len(known), "sentence")))
    numbers = np.array(known, dtype=np.int64)
    symbols = [model.pronunciation.encode(texts[k], what="text") for k in known]
    truth, who = frames.take(numbers), speakers[numbers]
    durations = model.durations(truth, symbols)
    begun = time.process_time()
    spoken = model.perform(symbols, who)
    spent = time.process_time() - begun
    every = {MODEL: [(each.bands, each.durations) for each in spoken]}
    if model.sounds is not None:
        every[MEAN] = [model.sounds.say(own) for own in symbols]
    if model.units is not None:
        every[JOINED] = [model.units.say(own, int(s)) for own, s in zip(symbols, who, strict=True)]
    own_bands = [model.scale.bands(truth[k]) for k in range(len(truth))]
    every[""] = list(zip(own_bands, durations, strict=True))
    waves: dict[str, list[Floats]] = {name: [] for name in every}
    for k in range(len(numbers)):
        for name, said in every.items():
            begun = time.process_time()
            waves[name].append(model.samples(said[k][0]))
            spent += time.process_time() - begun if name == MODEL else 0.0
        done(k + 1)
    rate = model.vocoder.kind.rate
    assert rate is not None
    seconds = sum(map(len, waves[MODEL])) / rate
    rendered = {
        name: _rendered(model, said, waves[name], symbols, durations, truth, own_bands) for name, said in every.items()
    }
    words = [len(model.pronunciation.words(own)) for own in symbols]
    again = rendered.pop("")
    return Rehearsal(numbers, symbols, words, durations, rendered, again, spent / max(seconds, 1e-9)), notes


def _rendered(
    model: VoiceModel,
    said: Sequence[tuple[Floats, Ints]],
    waves: Sequence[Floats],
    symbols: Sequence[Ints],
    durations: Sequence[Ints],
    truth: Ragged,
    own_bands: Sequence[Floats],
) -> list[Rendered]:
    again = [measured(wave, model.vocoder.kind) for wave in waves]
    bands = [model.scale.bands(each) for each in again]
    heard = model.heard(bands)
    found = []
    for k, (made, lasting) in enumerate(said):
        far = distance(bands[k], again[k][:, -1], own_bands[k], truth[k][:, -1])
        sounds = symbols[k] >= model.pronunciation.pauses
        late = float(np.abs(lasting - durations[k])[sounds].sum()) * model.vocoder.kind.hop
        right = model.pronunciation.words(symbols[k])
        wrong = edit_distance(right, model.pronunciation.words(heard[k]))
        found.append(Rendered(made, lasting, far.cepstral, (far.pitch, far.voiced), late, tuple(heard[k]), wrong))
    return found


def evaluate(
    model: VoiceModel, found: Rehearsal, notes: Sequence[str], *, groups: npt.NDArray | None, seed: int
) -> Evaluation:
    """Scores of every method beside one another; the mel-cepstral distance leads."""
    sounds = [int((own >= model.pronunciation.pauses).sum()) for own in found.symbols]
    scores = {name: _scores(rows, sounds, found.words) for name, rows in found.methods.items()}
    evaluation = evaluate_scores(scores, leading=MCD, groups=groups, unit="test sentence", seed=seed)
    ours = evaluation.table.loc[MODEL, HEARD]
    best = sum(each.wrong for each in found.again) / max(sum(found.words), 1)
    told = _(
        "A recogniser trained on the real recordings alone errs in {ours:.1f} % of the {what} that the voice says, and "
        "in {best:.1f} % of those in the re-synthesised test recordings.",
        ours=100 * float(ours),  # pyright: ignore[reportArgumentType]
        best=100 * best,
        what=_(WHAT[model.pronunciation.level]),
    )
    more = [told]
    if best > 0.5:
        more.append(_("It understands too little to tell voices apart: learn from more recordings, or for longer."))
    speed = _(
        "Real-time factor {factor:.3f}: so many seconds of one core's time a second of speech.",
        factor=found.real_time,
    )
    return replace(evaluation, notes=(*evaluation.notes, *more, speed, *notes))


WHAT = {"characters": mark("characters"), "pinyin": mark("syllables"), "phones": mark("phones")}


def _scores(rows: Sequence[Rendered], sounds: Sequence[int], words: Sequence[int]) -> dict[str, Score]:
    squares = np.array([each.pitch for each in rows], dtype=np.float64)
    late = np.array([[1000 * each.late, n] for each, n in zip(rows, sounds, strict=True)])
    wrong = np.array([[each.wrong, n] for each, n in zip(rows, words, strict=True)], dtype=np.float64)
    return {
        MCD: mean_score([each.cepstral for each in rows]),
        DURATION: Score(late, lambda s: ratio(s[..., 0], s[..., 1])),
        PITCH: Score(squares, lambda s: np.sqrt(ratio(s[..., 0], s[..., 1]))),
        HEARD: Score(wrong, lambda s: ratio(s[..., 0], s[..., 1])),
    }
