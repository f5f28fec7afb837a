"""Letters between friends from a small grammar: short sentences whose words depend on what came many words before.

letter   = greeting, 2 to 4 sentences, farewell         who is greeted also signs the next letter
sentence = subject verb object [because reason] .       the verb agrees with the subject, the place returns
"""

from __future__ import annotations

import numpy as np

_NAMES = ("Anna", "Boris", "Clara", "David", "Edith", "Felix", "Greta", "Henry", "Irene", "Jonas")
_SUBJECTS = (
    ("I", ("have seen", "am looking for", "remember", "am painting")),
    ("we", ("have seen", "are looking for", "remember", "are painting")),
    ("my sister", ("has seen", "is looking for", "remembers", "is painting")),
    ("the children", ("have seen", "are looking for", "remember", "are painting")),
    ("your uncle", ("has seen", "is looking for", "remembers", "is painting")),
)
_THINGS = ("river", "old bridge", "garden", "red boat", "market", "white horse", "lighthouse", "orchard", "mill", "sea")
_PLACES = ("near the harbour", "behind the church", "in the valley", "on the hill", "at the end of our street")
_REASONS = ("it rained all week", "the letter came late", "nobody told us", "the winter was long", "you asked for it")
_FAREWELLS = ("Write soon", "With love", "As ever", "Until the summer")


def make_letters(count: int = 900, *, seed: int = 0) -> str:
    """So many letters, a blank line between them; the same seed gives the same ones.

    >>> make_letters(1).startswith("Dear ")
    True
    """
    rng = np.random.default_rng(seed)
    sender, receiver = rng.choice(len(_NAMES), 2, replace=False)
    letters = []
    for _ in range(count):
        place = _PLACES[rng.integers(len(_PLACES))]
        lines = [f"Dear {_NAMES[receiver]},"]
        for _ in range(int(rng.integers(2, 5))):
            lines.append(_sentence(place, rng))
        lines.append(f"{_FAREWELLS[rng.integers(len(_FAREWELLS))]}, {_NAMES[sender]}")
        letters.append("\n".join(lines))
        sender, receiver = receiver, sender
        if rng.random() < 0.3:
            others = [k for k in range(len(_NAMES)) if k != sender]
            receiver = others[rng.integers(len(others))]
    return "\n\n".join(letters) + "\n"


def _sentence(place: str, rng: np.random.Generator) -> str:
    subject, verbs = _SUBJECTS[rng.integers(len(_SUBJECTS))]
    words = f"{subject} {verbs[rng.integers(len(verbs))]} the {_THINGS[rng.integers(len(_THINGS))]} {place}"
    if rng.random() < 0.4:
        words += f" because {_REASONS[rng.integers(len(_REASONS))]}"
    return f"{words[0].upper()}{words[1:]}."
