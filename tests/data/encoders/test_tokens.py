"""Texts, symbols and events to numbers: what the training part has is known, everything else is token 0."""

from __future__ import annotations

import tracemalloc
import unicodedata

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recurra.data.encoders.tokens import EventEncoder, SymbolEncoder, TextEncoder
from recurra.data.examples.inputs import Text
from recurra.data.examples.ragged import Ragged
from recurra.errors import InputError


def objects(*texts: str | None) -> np.ndarray:
    return np.array(texts, dtype=object)


def words(encoder: TextEncoder, text: str) -> list[str | None]:
    """The tokens by what the vocabulary calls them, None where unknown."""
    known = [None, *encoder.tokens]
    return [known[number] for number in encoder.encode(objects(text)).values]


def test_the_most_frequent_word_comes_first():
    encoder = TextEncoder.learn(objects("b a b", "B c", None), Text(level="words"))
    assert encoder.tokens == ("b", "a", "c")
    assert words(encoder, "c B zzz") == ["c", "b", None]


def test_case_counts_where_asked():
    encoder = TextEncoder.learn(objects("Film film"), Text(level="words", lowercase=False))
    assert sorted(encoder.tokens) == ["Film", "film"]


def test_no_more_entries_than_asked():
    texts = objects("a a a b b c d e", "今 天 天 气")
    for level in ("words", "characters", "subwords"):
        assert len(TextEncoder.learn(texts, Text(level=level, size=3)).tokens) <= 3


@pytest.mark.parametrize(
    ("texts", "level"),
    [
        (["a fine film", "dull"], "words"),
        (["今天天气很好", "这部电影不好"], "characters"),
        (["a fine film 好", "another dull one"], "words"),
        (["ราคา ดี", "映画 です"], "characters"),
        (["오늘 날씨 좋다", "прекрасный фильм"], "words"),
    ],
)
def test_characters_where_there_are_no_blanks(texts, level):
    assert TextEncoder.learn(objects(*texts), Text()).level == level


@pytest.mark.parametrize("level", ["words", "characters", "subwords"])
@pytest.mark.parametrize(
    "text", ["Good 😀 film", "naïve cafe\u0301", "今天 ok!!", "unhappiness zzzqqq", "👩‍👩‍👧 x", "Ωmega\t\nistanbul"]
)
def test_tokens_line_up_with_the_text(level, text):
    """What is cut are pieces of the text itself, in order, which cover everything but the blanks."""
    encoder = TextEncoder.learn(objects("good film unhappy happiness 今天 cafe\u0301"), Text(level=level, size=40))
    pieces = encoder.cut(text)
    assert len(pieces) == len(encoder.encode(objects(text)).values)
    assert "".join(pieces) == "".join(unicodedata.normalize("NFC", text).split())


def test_a_letter_that_is_two_in_lower_case_stands_where_it_stood():
    encoder = TextEncoder.learn(objects("istanbul"), Text(level="characters"))
    assert encoder.cut("aİb") in (["a", "İ", "b"], ["a", "İ", "İ", "b"])


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_a_text_s_tokens_do_not_depend_on_others(texts):
    encoder = TextEncoder.learn(objects("the cat sat on the mat", "good 今天 😀"), Text(level="subwords", size=50))
    together = encoder.encode(objects(*texts))
    for k, text in enumerate(texts):
        assert together[k].tolist() == encoder.encode(objects(text)).values.tolist()
        assert len(encoder.cut(text)) == len(together[k])


def test_missing_texts_have_no_token():
    encoder = TextEncoder.learn(objects("a b"), Text())
    assert encoder.encode(objects(None, "a", "", "  ")).lengths.tolist() == [0, 1, 0, 0]


def test_a_text_that_spells_the_unknown_token_is_a_text():
    encoder = TextEncoder.learn(objects("a [UNK] b"), Text(lowercase=False))
    assert encoder.cut("[UNK]") == ["[", "UNK", "]"]
    assert "[UNK]" not in encoder.tokens


def test_no_word_at_all_is_refused():
    with pytest.raises(InputError, match="no text holds a word: expected at least one letter or sign"):
        TextEncoder.learn(objects("  ", None), Text())


def test_the_same_texts_give_the_same_vocabulary():
    texts = objects(*("wa xb yc zd" for _ in range(3)), "aa bb cc dd ee ff")
    for level in ("words", "subwords"):
        one, other = (TextEncoder.learn(texts, Text(level=level, size=30)) for _ in range(2))
        assert one == other


def test_a_restored_encoder_cuts_alike():
    encoder = TextEncoder.learn(
        objects("lower lowest newer newest", "wide wider widest"), Text(level="subwords", size=40)
    )
    again = TextEncoder(encoder.level, encoder.lowercase, encoder.tokens, encoder.merges)
    text = objects("lowest wider unknownest")
    assert encoder.merges
    assert again.encode(text).values.tolist() == encoder.encode(text).values.tolist()
    assert again.cut(text[0]) == encoder.cut(text[0])


def test_letters_of_symbols():
    encoder = SymbolEncoder.learn(objects("AAC", None, "C😀A"))
    assert encoder.tokens[:2] == ("A", "C")
    found = encoder.encode(objects("CAT", None, "😀\U0010ffff"))
    assert found.lengths.tolist() == [3, 0, 2]
    assert [(None, *encoder.tokens)[n] for n in found.values] == ["C", "A", None, "😀", None]
    assert encoder.cut("A😀") == ["A", "😀"]


def test_events_are_known_again_by_their_text():
    encoder = EventEncoder.learn(Ragged.of([np.array(["b", "a", "b"], object), np.array([], object)]))
    assert encoder.tokens == ("b", "a")
    numbers = EventEncoder.learn(Ragged.of([np.array([7, 7, 3], object)]))
    assert numbers.encode(Ragged.of([np.array([3, 9, 7], object)])).values.tolist() == [2, 0, 1]
    assert numbers.encode(Ragged.of([np.array(["3", "7"], object)])).values.tolist() == [2, 1]


def test_a_missing_event_is_an_unknown_one():
    events = Ragged.of([np.array(["b", None, "a", "b"], object)])
    encoder = EventEncoder.learn(events)
    assert encoder.tokens == ("b", "a")
    assert encoder.encode(events).values.tolist() == [1, 0, 2, 1]


def test_one_long_event_takes_no_memory_for_the_others():
    events = Ragged.of([np.array(["x" * 20_000, *("ab" * 5_000)], object)])
    tracemalloc.start()
    found = EventEncoder.learn(events).encode(events)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert len(found.values) == 10_001
    assert most < 20_000_000  # as an array of fixed width it would take 800 MB


@pytest.mark.parametrize("level", ["words", "characters"])
@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("\U0001f44d\U0001f44e", ["\U0001f44d", "\U0001f44e"]),  # two thumbs without a blank
        ("\U0001f44d\U0001f44d\U0001f44d", ["\U0001f44d"] * 3),
        ("\U0001f468\u200d\U0001f469\u200d\U0001f467", ["\U0001f468\u200d\U0001f469\u200d\U0001f467"]),  # a family
        ("\U0001f44b\U0001f3ff\U0001f44b", ["\U0001f44b\U0001f3ff", "\U0001f44b"]),  # with a skin tone, and without
        ("\U0001f1ef\U0001f1f5\U0001f1e7\U0001f1f7", ["\U0001f1ef\U0001f1f5", "\U0001f1e7\U0001f1f7"]),  # two flags
        ("\u2764\ufe0f7\ufe0f\u20e3", ["\u2764\ufe0f", "7\ufe0f\u20e3"]),  # a red heart and a keycap
    ],
)
def test_an_emoji_is_one_token_however_it_is_written(level, text, tokens):
    encoder = TextEncoder.learn(objects(text), Text(level=level))
    assert encoder.cut(text) == tokens
    assert words(encoder, text) == tokens


def test_emoji_beside_words_and_signs_are_tokens_of_their_own():
    encoder = TextEncoder.learn(objects("fine"), Text(level="words"))
    assert encoder.cut("fine\U0001f600!!") == ["fine", "\U0001f600", "!!"]
    assert encoder.cut("\u0645\u06cc\u200c\u062e\u0648") == ["\u0645\u06cc\u200c\u062e\u0648"]  # one Persian word
