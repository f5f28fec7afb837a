"""The series that test the model, and must not have taught it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

Floats = npt.NDArray[np.floating]

WIDE = ("m4-weekly", "m1-monthly", "m1-quarterly", "m1-yearly")
LONG = (
    "airpassengers", "apple-stock", "beijing-pollution", "etth1", "exchange-rate", "ilinet", "seattle-weather",
    "taxi-new-york-passengers",
)  # fmt: skip
# of the package statsmodels: what `demo:co2` and the textbooks use
DEMONSTRATIONS = ("co2", "elnino", "sunspots", "nile", "macrodata")


def series_of_tests(folder: Path) -> Iterator[tuple[str, Floats]]:
    """Every series of the files in the folder and of the demonstrations, training and test parts in one."""
    for name in WIDE:
        parts = [pd.read_csv(folder / f"{name}-{part}.csv", index_col=0) for part in ("train", "test")]
        for series in parts[0].index:
            values = np.concatenate([part.loc[series].to_numpy(float) for part in parts])
            yield f"{name}/{series}", values[np.isfinite(values)]
    for name in LONG:
        frame = pd.read_csv(folder / f"{name}.csv").select_dtypes("number")
        for column in frame:
            yield f"{name}/{column}", frame[column].to_numpy(float)
    import statsmodels.api as sm

    for name in DEMONSTRATIONS:
        frame = getattr(sm.datasets, name).load_pandas().data.select_dtypes("number")
        for column in frame:
            yield f"statsmodels/{name}/{column}", frame[column].to_numpy(float)
