"""Sentences of a small made-up language with their English: other words, another order, endings that agree.

    English   The old king found a house yesterday.
    Lumi      Osha siro rakoe tenil koraka.          yesterday house king-the old-l find-past

The time comes first, then the object, the subject and the verb, and an adjective after its noun, whose class decides
its ending; "the" is an ending of the noun, the past one of the verb: word by word nothing is translated right.
"""

from __future__ import annotations

import numpy as np
import pandas as pd

_NOUNS = {
    "dog": ("mako", 0), "house": ("siro", 1), "child": ("tupi", 0), "river": ("valen", 1), "teacher": ("doru", 0),
    "book": ("lisem", 1), "bird": ("kesi", 0), "tree": ("borun", 1), "farmer": ("gamo", 0), "boat": ("nelar", 1),
    "cat": ("misu", 0), "bridge": ("portan", 1), "king": ("rako", 0), "garden": ("fiolen", 1),
}  # fmt: skip
_ADJECTIVES = {
    "old": "teni", "red": "ruvo", "small": "pira", "green": "selu", "quiet": "mono", "new": "zavi", "beautiful": "lora",
}  # fmt: skip
_VERBS = {
    "sees": ("saw", "veta"), "finds": ("found", "kora"), "loves": ("loved", "lumi"), "paints": ("painted", "pasa"),
    "buys": ("bought", "domu"), "forgets": ("forgot", "nura"),
}  # fmt: skip
_TIMES = {"today": ("asha", False), "now": ("ime", False), "yesterday": ("osha", True), "last year": ("onar", True)}
_ENDINGS = ("l", "n")  # of an adjective, by the class of its noun


def make_phrases(count: int = 3000, *, seed: int = 0) -> pd.DataFrame:
    """`lumi` and `english`, `count` different pairs; the same seed gives the same ones.

    >>> make_phrases(1).iloc[0].tolist()
    ['Siro portane monon vetas.', 'The quiet bridge sees a house.']
    """
    rng = np.random.default_rng(seed)
    found: dict[str, str] = {}
    while len(found) < count:
        english, lumi = _sentence(rng)
        found.setdefault(lumi, english)
    return pd.DataFrame({"lumi": list(found), "english": list(found.values())})


def _sentence(rng: np.random.Generator) -> tuple[str, str]:
    (subject, its), (thing, other) = _phrase(rng), _phrase(rng)
    verb = list(_VERBS)[rng.integers(len(_VERBS))]
    past, stem = _VERBS[verb]
    time = list(_TIMES)[rng.integers(len(_TIMES))] if rng.random() < 0.6 else ""
    word, is_past = _TIMES.get(time, ("", bool(rng.random() < 0.3)))
    negated = rng.random() < 0.2
    if negated:
        base = verb.removesuffix("s")
        said = f"did not {base}" if is_past else f"does not {base}"
    else:
        said = past if is_past else verb
    english = " ".join(part for part in (subject, said, thing, time) if part)
    ending = "ka" if is_past else "s"
    lumi = " ".join(part for part in (word, other, its, ("mi " if negated else "") + stem + ending) if part)
    return f"{english[0].upper()}{english[1:]}.", f"{lumi[0].upper()}{lumi[1:]}."


def _phrase(rng: np.random.Generator) -> tuple[str, str]:
    """A noun with its article and perhaps an adjective: English, Lumi."""
    noun = list(_NOUNS)[rng.integers(len(_NOUNS))]
    word, kind = _NOUNS[noun]
    definite = rng.random() < 0.6
    adjective = list(_ADJECTIVES)[rng.integers(len(_ADJECTIVES))] if rng.random() < 0.6 else ""
    article = "the" if definite else "an" if (adjective or noun)[0] in "aeiou" else "a"
    english = " ".join(part for part in (article, adjective, noun) if part)
    word += "e" if definite else ""
    return english, f"{word} {_ADJECTIVES[adjective]}{_ENDINGS[kind]}" if adjective else word
