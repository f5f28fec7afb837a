"""Membrane proteins from a small grammar: the chain crosses the membrane again and again, and every residue has a side.

A chain starts inside or outside; loops and crossings alternate, and each crossing changes the side:

    M  a crossing: 18 to 25 residues, mostly hydrophobic
    i  a loop inside: 5 to 14 residues, three times as many K and R as elsewhere (the positive-inside rule, von Heijne
       1986, "The distribution of positively charged residues in bacterial inner membrane proteins")
    o  a loop outside: 5 to 14 residues

A crossing is seen in the residues around it. The side of a loop is not: few residues of one loop tell it, and all loops
of the chain together do, so the tagger has to remember.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

_LOOP = dict(zip("ACDEFGHIKLMNPQRSTVWY", (7, 1, 6, 6, 3, 8, 2, 4, 5, 6, 2, 6, 6, 5, 4, 8, 7, 5, 1, 4), strict=True))
_CROSSING = dict(zip("ACFGILMSTVWYP", (12, 2, 10, 8, 14, 20, 4, 4, 4, 14, 3, 3, 1), strict=True))
_POSITIVE = 3.0
_SEGMENTS = (2, 4)  # crossings of a chain: the fewest, and one more than the most


def make_membrane(count: int = 100, *, seed: int = 0) -> pd.DataFrame:
    """`residues` and `topology`, two strings of equal length a row; the same seed gives the same ones.

    >>> frame = make_membrane(2)
    >>> frame.columns.tolist(), frame["residues"].str.len().equals(frame["topology"].str.len())
    (['residues', 'topology'], True)
    """
    rng = np.random.default_rng(seed)
    inside = {**_LOOP, "K": _LOOP["K"] * _POSITIVE, "R": _LOOP["R"] * _POSITIVE}
    makers = {"i": inside, "o": _LOOP, "M": _CROSSING}
    rows = []
    for _ in range(count):
        side = "io"[rng.integers(2)]
        residues, topology = "", ""
        for crossing in range(int(rng.integers(*_SEGMENTS)) + 1):
            parts = [(side, int(rng.integers(5, 15)))]
            if crossing:
                parts.insert(0, ("M", int(rng.integers(18, 26))))
            for state, length in parts:
                residues += _drawn(makers[state], length, rng)
                topology += state * length
            side = "o" if side == "i" else "i"
        rows.append((residues, topology))
    return pd.DataFrame(rows, columns=["residues", "topology"])


def _drawn(weights: dict[str, float], length: int, rng: np.random.Generator) -> str:
    shares: npt.NDArray[np.float64] = np.array(list(weights.values()), dtype=np.float64)
    return "".join(rng.choice(list(weights), length, p=shares / shares.sum()))
