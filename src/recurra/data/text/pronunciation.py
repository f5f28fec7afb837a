"""Texts as the symbols that are spoken: characters, pinyin with tones, or phones; and the pauses between them.

A symbol's name is a `base` and a `mark`: the tone of a final ("ang4"), the stress of a phone ("ˈə"). Sequences begin
with START and end with a pause; punctuation becomes one of five pauses, and what has no sound (quotes) nothing.
Pinyin is by pypinyin, with tone sandhi, cut into initial and final; phones are by espeak-ng, an own program.
"""

from __future__ import annotations

import shutil
import subprocess
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
import numpy.typing as npt

from recurra.checking import require
from recurra.errors import InputError
from recurra.extras import require_package
from recurra.language import _, listing
from recurra.options import option

Level = Literal["characters", "pinyin", "phones"]
Ints = npt.NDArray[np.int64]

START = "^"
PAUSES = (" ", ",", ".", "!", "?")  # from the weakest on
MOST = 5_000  # symbols of a language
_COMMAS, _STOPS = ",，、;；:：—–…", ".。．"
_MARKS = {
    **dict.fromkeys(_COMMAS, ","), **dict.fromkeys(_STOPS, "."), **dict.fromkeys("!！", "!"),
    **dict.fromkeys("?？", "?"), **dict.fromkeys("-‐‑/", " "),
}  # fmt: skip
_SILENT = '"“”„«»()（）[]【】{}《》〈〉「」『』*_~·'
_STRESS = "ˈˌ"
_TONES = "12345"
_HISSED, _CURLED = ("z", "c", "s"), ("zh", "ch", "sh", "r")


@dataclass(frozen=True)
class Pronunciation:
    """How texts are spoken, and the `names` of all symbols that were learnt: START, the pauses, then sounds.

    `language` is that of espeak-ng, of phones only.

    >>> spoken = Pronunciation.learn(["No, no."], "characters")
    >>> [spoken.names[k] for k in spoken.encode("no no", what="X")]
    ['^', 'n', 'o', ' ', 'n', 'o', '.']
    """

    level: Level
    names: tuple[str, ...]
    language: str = ""

    def check(self) -> None:
        """Refuse names that repeat, and ones that do not begin with the start and the pauses."""
        require(len(set(self.names)) == len(self.names) <= MOST, "symbols repeat, or are too many")
        require(self.names[: len(PAUSES) + 1] == (START, *PAUSES), "symbols do not begin with the pauses")
        require(len(self.names) > self.pauses, "no symbol has a sound")

    @classmethod
    def learn(cls, texts: Iterable[str], level: Level, *, language: str = "") -> Pronunciation:
        """The symbols of texts. Raises InputError for what cannot be read at this level, with the text."""
        first = cls(level, (START, *PAUSES), language)
        found = {name for row in first.read(list(texts), what="") for name in row}
        sounds = sorted(found - set(first.names))
        if not sounds:
            raise InputError(_("no text has a sound: expected what is said in the recordings"))
        if len(sounds) > MOST - len(first.names):
            raise InputError(
                _("there are {n:,} different symbols: expected at most {most:,}", n=len(sounds), most=MOST)
            )
        return cls(level, (*first.names, *sounds), language)

    @property
    def pauses(self) -> int:
        """The symbols below this number have no sound."""
        return len(PAUSES) + 1

    @cached_property
    def bases(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """The bases and the marks that there are, "" among the marks."""
        parts = [split_name(name, self.level) for name in self.names]
        return tuple(dict.fromkeys(base for base, _m in parts)), tuple(dict.fromkeys(mark for _b, mark in parts))

    @cached_property
    def parts(self) -> Ints:
        """[K, 2]: base and mark of each symbol, by number."""
        bases, marks = ({name: k for k, name in enumerate(each)} for each in self.bases)
        parts = [split_name(name, self.level) for name in self.names]
        return np.array([(bases[base], marks[mark]) for base, mark in parts], dtype=np.int64)

    def read(self, texts: Sequence[str], *, what: str) -> list[list[str]]:
        """The names of the symbols of texts, known or not; `what` holds the texts, "" of those that are learnt from.

        Raises InputError for what cannot be read, with the text.
        """
        spoken = _phones(texts, self.language) if self.level == "phones" else None
        found = []
        for k, text in enumerate(texts):
            plain = list if self.level == "characters" else _pinyin
            found.append(_with_pauses(plain(_plain(text)) if spoken is None else spoken[k]))
        return found

    def encode(self, text: str, *, what: str) -> Ints:
        """The symbols of a text [U]. Raises InputError for an empty one, and for symbols that were never learnt."""
        names = self.read([text], what=what)[0]
        if not any(name not in PAUSES and name != START for name in names):
            raise InputError(_("{what} holds {text!r}: expected a text to speak", what=what, text=text[:60]))
        unknown = list(dict.fromkeys(name for name in names if name not in self._numbers))
        if unknown:
            raise InputError(
                _(
                    "{what} holds {unknown} in {text!r}, which the voice never said: expected {known}; spell it "
                    "otherwise, numbers as words",
                    what=what,
                    unknown=listing(map(repr, unknown[:10])),
                    text=text[:60],
                    known=self.told,
                )
            )
        return np.array([self._numbers[name] for name in names], dtype=np.int64)

    def unknown(self, text: str) -> list[str]:
        """The symbols of a text that were never learnt."""
        return [name for name in dict.fromkeys(self.read([text], what="")[0]) if name not in self._numbers]

    @property
    def told(self) -> str:
        """What it can say, in words."""
        sounds = self.names[self.pauses :]
        if self.level == "characters":
            return _("the characters {letters}", letters="".join(sounds[:60]))
        return (
            _("the {n} sounds of Mandarin in its recordings", n=len(sounds))
            if self.level == "pinyin"
            else _("the {n} phones of its recordings", n=len(sounds))
        )

    def words(self, sounds: Iterable[int]) -> list[str]:
        """What an error rate counts: syllables of pinyin, else the sounds themselves; `sounds` are symbols."""
        names = [self.names[k] for k in sounds if k >= self.pauses]
        if self.level != "pinyin":
            return names
        found: list[str] = []
        onset = ""
        for name in names:
            if name[-1] in _TONES:
                found.append(onset + name)
                onset = ""
            else:
                found += [onset] if onset else []
                onset = name
        return [*found, onset] if onset else found

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {name: k for k, name in enumerate(self.names)}


def chosen_level(texts: Sequence[str]) -> Level:
    """Pinyin where most letters are Chinese, else characters.

    >>> chosen_level(["你好"]), chosen_level(["hello"])
    ('pinyin', 'characters')
    """
    letters = [letter for text in texts for letter in text if letter.isalpha()]
    return "pinyin" if sum(map(_is_chinese, letters)) > 0.5 * max(len(letters), 1) else "characters"


def split_name(name: str, level: Level) -> tuple[str, str]:
    """A symbol's base and its mark, "" where it has none.

    >>> split_name("ang4", "pinyin"), split_name("zh", "pinyin"), split_name("ˈa", "phones")
    (('ang', '4'), ('zh', ''), ('a', 'ˈ'))
    """
    if level == "pinyin" and len(name) > 1 and name[-1] in _TONES:
        return name[:-1], name[-1]
    if level == "phones" and len(name) > 1 and name[0] in _STRESS:
        return name[1:], name[0]
    return name, ""


def sentences(text: str) -> list[str]:
    """A text cut after its full stops, question and exclamation marks, and at line ends.

    >>> sentences("One. Two? Three")
    ['One.', 'Two?', 'Three']
    """
    found, start = [], 0
    for k, letter in enumerate(text):
        ends = letter in "!！?？。．\n" or (letter == "." and (k + 1 == len(text) or text[k + 1].isspace()))
        if ends:
            found.append(text[start : k + 1].strip())
            start = k + 1
    return [each for each in [*found, text[start:].strip()] if each]


def _with_pauses(names: Iterable[str]) -> list[str]:
    """Names between START and a pause, of pauses next to one another the strongest."""
    found = [START]
    for name in names:
        name = _MARKS.get(name, " " if name.isspace() else name)
        if name in _SILENT:
            continue
        if name not in PAUSES:
            found.append(name)
        elif found[-1] in PAUSES:
            found[-1] = max(found[-1], name, key=PAUSES.index)
        elif len(found) > 1:
            found.append(name)
    if found[-1] in PAUSES:
        found[-1] = max(found[-1], ".", key=PAUSES.index)
    else:
        found.append(".")
    return found


def _plain(text: str) -> str:
    return unicodedata.normalize("NFKC", text).lower().replace("’", "'")


def _is_chinese(letter: str) -> bool:
    return "\u4e00" <= letter <= "\u9fff" or "\u3400" <= letter <= "\u4dbf"


def _pinyin(text: str) -> list[str]:
    """Initials and finals with tones, everything else letter by letter."""
    require_package("pypinyin")
    from pypinyin import Style, lazy_pinyin
    from pypinyin.contrib.tone_convert import to_finals_tone3, to_initials

    found: list[str] = []
    read = lazy_pinyin(
        text,
        style=Style.TONE3,
        errors=list,  # pyright: ignore[reportArgumentType]  # a list is taken, too: each letter by itself
        neutral_tone_with_five=True,
        tone_sandhi=True,
        v_to_u=True,
    )
    for each in read:
        if len(each) < 2 or each[-1] not in _TONES:
            found.append(each)
            continue
        onset = to_initials(each, strict=True)
        final = to_finals_tone3(each, strict=True, neutral_tone_with_five=True, v_to_u=True)
        if not final:  # "m2", "ng4"
            found.append(each)
            continue
        if final[:-1] == "i" and onset in _HISSED:
            final = "ɿ" + final[-1]
        elif final[:-1] == "i" and onset in _CURLED:
            final = "ʅ" + final[-1]
        found += [onset, final] if onset else [final]
    return found


def _phones(texts: Sequence[str], language: str) -> list[list[str]]:
    """What espeak-ng makes of each text; punctuation stays."""
    program = shutil.which("espeak-ng")
    if program is None:
        raise InputError(
            _(
                "{option} needs the program espeak-ng, which is not there: install it, or read texts by characters",
                option=option("units", "phones"),
            )
        )
    found = []
    for text in texts:
        names: list[str] = []
        for part in _clauses(_plain(text)):
            if len(part) == 1 and (part in _MARKS or part in _SILENT):
                names.append(part)
                continue
            command = [program, "-q", "--ipa", "--sep=_", "-v", language or "en-us", "--", part]
            done = subprocess.run(command, capture_output=True, text=True, check=False, encoding="utf-8")
            if done.returncode:
                raise InputError(
                    _(
                        "espeak-ng cannot read {text!r} ({error}): is {option} one of its languages?",
                        text=part[:60],
                        error=done.stderr.strip()[:200],
                        option=option("language", language or "en-us"),
                    )
                )
            for word in done.stdout.split():
                names += [*(phone for phone in word.split("_") if phone), " "]
        found.append(names)
    return found


def _clauses(text: str) -> list[str]:
    """A text cut around its punctuation, which espeak-ng would drop."""
    found = [""]
    for letter in text:
        if (letter in _MARKS and letter not in "-‐‑/") or letter in _SILENT:
            found += [letter, ""]
        else:
            found[-1] += letter
    return [part.strip() for part in found if part.strip()]
