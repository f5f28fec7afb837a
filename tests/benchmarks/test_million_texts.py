"""The generated texts: as many as asked for, of the stated lengths, with words that tell the classes apart."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import numpy as np
import pandas as pd


def test_texts_of_two_classes(script: Callable[[str], ModuleType], tmp_path: Path) -> None:
    module = script("million_texts")
    module.write_csv(tmp_path / "texts.csv", 2_000, seed=0)
    frame = pd.read_csv(tmp_path / "texts.csv")
    words = frame["text"].str.split()
    lengths = words.map(len)
    assert len(frame) == 2_000
    assert lengths.between(module.SHORTEST, module.LONGEST).all()
    first, own = 1000, np.arange(module.OWN)
    for number, label in enumerate(("calm", "loud")):
        mine = {f"w{first + number * module.OWN + k}" for k in own}
        shares = [sum(word in mine for text in part for word in text) / sum(map(len, part))
                  for part in (words[frame["label"] == label], words[frame["label"] != label])]  # fmt: skip
        assert shares[0] > 0.08
        assert shares[1] < 0.05
