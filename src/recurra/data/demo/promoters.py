"""Promoters from a small grammar: DNA whose expression follows from known motifs, their places and their spacing.

The motifs are those of Bucher (1990, "Weight matrix descriptions of four eukaryotic RNA polymerase II promoter
elements") and of Smale and Kadonaga (2003, "The RNA polymerase II core promoter"); the effects are made up, so that the
truth is known. With p the place of a motif's first base, from 0, and g(x) = exp(-x^2 / 2):

    tata        TATAAA              g((p - 130) / 6)
    weak tata   TATATA              half of that; of all TATA boxes the strongest counts
    inr         TCAGT or TCATT      0.5 g((p - 160) / 6); the initiator, where transcription starts
    both        tata and inr        1.2 g((p_inr - p_tata - 30) / 3): only at their spacing
    caat        CCAAT or ATTGG      0.7 g((p - 85) / 15), on either strand
    gc          GGGCGG or CCGCCC    0.9 (1 - exp(-0.6 n)), n of them before place 150, on either strand

    expression = tata + inr + both + caat + gc + noise,   noise ~ N(0, 0.25)

The effects are computed from the finished sequence: a motif that is there by chance counts. No model can rank the
promoters better than the noiseless expression does, whose rank correlation with the expression is about 0.95.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

LENGTH = 200
NOISE = 0.25  # the standard deviation
MOTIFS = {
    "tata": ("TATAAA",),
    "weak tata": ("TATATA",),
    "inr": ("TCAGT", "TCATT"),
    "caat": ("CCAAT", "ATTGG"),
    "gc": ("GGGCGG", "CCGCCC"),
}

_COMPOSITION = {"A": 0.27, "C": 0.23, "G": 0.23, "T": 0.27}
_TATA, _INITIATOR, _SPACING, _CAAT, _GC_END = 130, 160, 30, 85, 150
_PLANTED = (  # motif, the chance of each copy, the copies, its place: mean and spread
    ("gc", 0.4, 3, 75, 30),
    ("caat", 0.6, 1, _CAAT, 12),
    ("inr", 0.7, 1, _INITIATOR, 3),
    ("weak tata", 0.3, 1, _TATA, 4),
    ("tata", 0.5, 1, _TATA, 4),
)

Place = tuple[str, int, int]  # motif, start, end


@dataclass(frozen=True, eq=False)
class Promoters:
    """N promoters of `LENGTH` bases.

    `expression` and `noiseless` expression [N]; `places`: promoter, motif, start, end (exclusive), both from 0, a row
    for every motif in a sequence, planted or there by chance.
    """

    sequences: tuple[str, ...]
    expression: npt.NDArray[np.float64]
    noiseless: npt.NDArray[np.float64]
    places: pd.DataFrame


def make_promoters(count: int = 1500, *, noise: float = NOISE, seed: int = 0) -> Promoters:
    """`count` promoters with noise of this standard deviation; the same seed gives the same ones.

    >>> made = make_promoters(3)
    >>> len(made.sequences[0]), made.expression.shape, list(made.places)
    (200, (3,), ['promoter', 'motif', 'start', 'end'])
    """
    rng = np.random.default_rng(seed)
    sequences = tuple(_sequence(rng) for _ in range(count))
    found = [find_motifs(sequence) for sequence in sequences]
    noiseless = np.array([noiseless_expression(places) for places in found])
    rows = [(k, *place) for k, places in enumerate(found) for place in places]
    return Promoters(
        sequences,
        noiseless + rng.normal(0.0, noise, count),
        noiseless,
        pd.DataFrame(rows, columns=["promoter", "motif", "start", "end"]),
    )


def find_motifs(sequence: str) -> list[Place]:
    """The motifs of a sequence, also those that overlap: name, start, end (exclusive).

    >>> find_motifs("GGTATAAAGG")
    [('tata', 2, 8)]
    """
    return [
        (name, match.start(), match.start() + len(match[1]))
        for name, forms in MOTIFS.items()
        for match in re.finditer(f"(?=({'|'.join(forms)}))", sequence)
    ]


def noiseless_expression(places: Sequence[Place]) -> float:
    """What a promoter with motifs at these places gives.

    >>> noiseless_expression([("tata", 130, 136), ("inr", 160, 165)])
    2.7
    """

    def starts(name: str) -> npt.NDArray[np.int64]:
        return np.array([start for motif, start, _ in places if motif == name], dtype=np.int64)

    tata, weak, inr = starts("tata"), starts("weak tata"), starts("inr")
    spacing = inr[:, None] - np.concatenate([tata, weak])[None, :] - _SPACING
    gc = int((starts("gc") < _GC_END).sum())
    effects = (
        _strongest(np.concatenate([_bell(tata, _TATA, 6), 0.5 * _bell(weak, _TATA, 6)])),
        0.5 * _strongest(_bell(inr, _INITIATOR, 6)),
        1.2 * _strongest(_bell(spacing, 0, 3)),
        0.7 * _strongest(_bell(starts("caat"), _CAAT, 15)),
        0.9 * (1.0 - np.exp(-0.6 * gc)),
    )
    return float(sum(effects))


def _sequence(rng: np.random.Generator) -> str:
    bases = rng.choice(list(_COMPOSITION), LENGTH, p=list(_COMPOSITION.values()))
    for name, chance, copies, mean, spread in _PLANTED:
        for _ in range(copies):
            form = MOTIFS[name][rng.integers(len(MOTIFS[name]))]
            start = round(float(np.clip(rng.normal(mean, spread), 0, LENGTH - len(form))))
            if rng.random() < chance:
                bases[start : start + len(form)] = list(form)
    return "".join(bases)


def _bell(values: npt.NDArray[np.int64], mean: float, spread: float) -> npt.NDArray[np.float64]:
    return np.exp(-0.5 * ((values - mean) / spread) ** 2)


def _strongest(effects: npt.NDArray[np.float64]) -> float:
    return float(effects.max(initial=0.0))
