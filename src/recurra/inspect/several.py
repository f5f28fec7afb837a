"""What was seen of several networks that answer together, each by its number."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pandas as pd

from recurra.inspect.diagnosis import Finding
from recurra.inspect.watched import Watched


def flows_of(seen: Sequence[Watched]) -> pd.DataFrame:
    """member, step, layer, back, gradient, cell, carried: see `gradient_flow`."""
    frames = [watched.frame().assign(member=k) for k, watched in enumerate(seen, start=1)]
    frame = pd.concat(frames, ignore_index=True)
    return frame[["member", *frame.columns.drop("member")]]


def findings_of(seen: Sequence[Watched]) -> list[Finding]:
    """What is wrong with any of the networks; of several, in which."""
    several = len(seen) > 1
    return [
        replace(finding, sentence=f"Network {k}: {finding.sentence}") if several else finding
        for k, watched in enumerate(seen, start=1)
        for finding in watched.diagnose()
    ]
