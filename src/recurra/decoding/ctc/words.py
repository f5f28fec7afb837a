"""Which words a growing spelling may be: any at all, or those of a list. The beam asks it at every unit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol, final

START = "▁"  # how a sub-word begins that begins a word


class Words(Protocol):
    """Follows a spelling unit by unit. A state is hashable; `start` is that before the first unit."""

    @property
    def start(self) -> Any:
        """The state before the first unit."""
        ...

    def advance(self, state: Any, unit: int) -> tuple[Any, tuple[str, ...]] | None:
        """The next state, and the words that one of which this unit completed; None where no word goes on so."""
        ...

    def finish(self, state: Any) -> tuple[str, ...] | None:
        """The words that the spelling may end with, none where it ended before; None in the middle of a word."""
        ...


@final
@dataclass(frozen=True, eq=False)
class AnyWords:
    """Every spelling is a word. `texts` are those of the units, of which a blank is the space between two words.

    >>> words = AnyWords(("", " ", "a", "b"))
    >>> state, done = words.advance("ab", 1)
    >>> state, done, words.finish("a")
    ('', ('ab',), ('a',))
    """

    texts: Sequence[str]
    start: str = ""

    def advance(self, state: str, unit: int) -> tuple[str, tuple[str, ...]] | None:
        """A space, or a sub-word that begins a word, completes the one before."""
        text = self.texts[unit]
        if text == " ":
            return ("", (state,)) if state else None
        if text.startswith(START):
            return text[1:], ((state,) if state else ())
        return state + text, ()

    def finish(self, state: str) -> tuple[str, ...] | None:
        """Whatever stands there."""
        return (state,) if state else ()


@dataclass(eq=False)
class _Node:
    children: dict[int, int] = field(default_factory=dict)
    words: tuple[str, ...] = ()


@final
class ListedWords:
    """The words of a lexicon, as a tree of their spellings: {word: its spellings as units}.

    `space` is the unit between two words.

    >>> words = ListedWords({"to": [(3, 4)], "two": [(3, 5, 4)], "too": [(3, 4)]}, space=1)
    >>> state, _ = words.advance(words.start, 3)
    >>> words.advance(state, 6) is None, words.finish(words.advance(state, 4)[0])
    (True, ('to', 'too'))
    """

    start = 0

    def __init__(self, spellings: Mapping[str, Iterable[Sequence[int]]], *, space: int | None) -> None:
        self._nodes = [_Node()]
        self.space = space
        for word, ways in spellings.items():
            for units in ways:
                self._add(word, units)

    def advance(self, state: int, unit: int) -> tuple[int, tuple[str, ...]] | None:
        """Along the tree; a space leads back to its root where a word ends."""
        node = self._nodes[state]
        if unit == self.space:
            return (0, node.words) if node.words else None
        after = node.children.get(unit)
        return None if after is None else (after, ())

    def finish(self, state: int) -> tuple[str, ...] | None:
        """The words that end there."""
        return () if state == 0 else self._nodes[state].words or None

    def _add(self, word: str, units: Sequence[int]) -> None:
        at = 0
        for unit in units:
            after = self._nodes[at].children.get(unit)
            if after is None:
                after = self._nodes[at].children[unit] = len(self._nodes)
                self._nodes.append(_Node())
            at = after
        if at and word not in self._nodes[at].words:
            self._nodes[at].words += (word,)
