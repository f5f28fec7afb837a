"""Sound of notes: a WAV file of the right length and pitch; panels that hold it."""

from __future__ import annotations

import io
import wave

import numpy as np

from recurra.report.panels.sounds import Piece, Sounds
from recurra.report.panels.surprise import Surprise, surprising_words
from recurra.report.sound import RATE, wav_of


def test_a_note_has_its_pitch_and_its_length() -> None:
    with wave.open(io.BytesIO(wav_of([(69,)] * 4, seconds=0.25))) as file:
        assert (file.getframerate(), file.getnchannels()) == (RATE, 1)
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2").astype(float)
    spectrum = np.abs(np.fft.rfft(samples[:RATE]))
    assert abs(int(spectrum.argmax()) - 440) <= 1
    assert len(samples) == 6 * int(RATE * 0.25)


def test_silence_is_silent() -> None:
    assert set(wav_of([(), ()])[44:]) == {0}
    assert Sounds([Piece("nothing", [(), ()])]).section() is None


def test_a_page_holds_players_and_escapes_names() -> None:
    section = Sounds([Piece("<b>", [(60,), (62,)])]).section()
    assert section is not None
    markup = str(section.blocks[0].markup)
    assert "data:audio/wav;base64," in markup
    assert "&lt;b&gt;" in markup


def test_a_text_is_coloured_by_what_it_cost() -> None:
    import pandas as pd

    frame = pd.DataFrame({"symbol": list("a<b\nc"), "nats": [0.1, 0.2, 3.5, 9.0, 0.0]})
    section = Surprise(frame).section()
    assert section is not None
    markup = str(section.blocks[0].markup)
    assert '<span class="s0">a&lt;</span><span class="s3">b</span><span class="s5"><br></span>' in markup
    assert surprising_words(list("one two"), np.arange(7.0), most=1) == [("two", 15.0, "one ")]
