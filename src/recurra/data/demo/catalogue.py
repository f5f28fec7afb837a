"""Data for a first try without a file, carried by our dependencies or generated: `demo:co2`, `demo:reviews`."""

from __future__ import annotations

import difflib
from types import ModuleType
from typing import cast

import pandas as pd

from recurra.data.demo.membrane import make_membrane
from recurra.data.demo.numbers import make_numbers, make_voice
from recurra.data.demo.phrases import make_phrases
from recurra.data.demo.promoters import make_promoters
from recurra.data.demo.reviews import make_reviews
from recurra.data.demo.sensors import make_sensors
from recurra.data.demo.shop import make_shop
from recurra.errors import InputError
from recurra.language import _, listing

DEMOS = {
    "co2": "weekly carbon dioxide at Mauna Loa, 1958 to 2001, in ppm; 59 weeks are missing",
    "sunspots": "yearly sunspots, 1700 to 2008",
    "macrodata": "quarterly macroeconomic figures of the United States, 1959 to 2009",
    "elnino": "monthly sea surface temperature off Peru, 1950 to 2010, in degrees Celsius",
    "reviews": "2,000 film reviews from a small grammar, to classify",
    "digits": "1,797 handwritten digits of 8 x 8 pixels, one pixel after another, to classify (scikit-learn)",
    "membrane": "100 membrane proteins from a small grammar, to tag inside, membrane, outside",
    "numbers": "240 recordings of one to four spoken digits, synthesised, by 120 speakers, to transcribe",
    "voice": "200 recordings of two to five spoken digits by one synthesised voice, to learn to speak",
    "phrases": "3,000 sentences of a made-up language and their English, to translate",
    "shop": "2,000 visits of a shop with 80 items, whose customers have habits, to predict what they look at next",
    "promoters": "1,500 promoters from a grammar of known motifs, to predict their expression",
    "sensors": "20 days of four hourly sensors of six machines, to generate more of",
}


def read_demo(name: str) -> pd.DataFrame:
    """The data set called `name`. Series: a time column (text or whole numbers), then numeric ones, missing stays so.

    Labelled sequences: a row per example, the label last.

    Errors: InputError for an unknown name, with the known ones.

    >>> read_demo("sunspots").columns.tolist()
    ['year', 'sunspots']
    """
    if name in _LABELLED:
        return _LABELLED[name]()
    # Here and not above: statsmodels takes a second to import, and most files are no demonstrations.
    from statsmodels.datasets import co2, elnino, macrodata, sunspots

    if name == "co2":
        series = _table(co2)["co2"]
        return pd.DataFrame({"date": pd.DatetimeIndex(series.index).strftime("%Y-%m-%d"), "co2": series.to_numpy()})
    if name == "sunspots":
        table = _table(sunspots)
        return pd.DataFrame({"year": table["YEAR"].astype("int64"), "sunspots": table["SUNACTIVITY"]})
    if name == "macrodata":
        table = _table(macrodata)
        quarter = table["year"].astype("int64").astype(str) + "Q" + table["quarter"].astype("int64").astype(str)
        return pd.concat([quarter.rename("quarter"), table.drop(columns=["year", "quarter"])], axis=1)
    if name == "elnino":
        table = _table(elnino).set_index("YEAR")
        months = [f"{int(year)}-{month:02d}" for year in table.index for month in range(1, 13)]
        return pd.DataFrame({"month": months, "temperature": table.to_numpy().ravel()})
    close = difflib.get_close_matches(name, DEMOS, n=1)
    meant = _(": did you mean demo:{close}?", close=close[0]) if close else "."
    raise InputError(
        _(
            "there is no demo:{name}{meant} Known: {demos}",
            name=name,
            meant=meant,
            demos=listing(f"demo:{known}" for known in DEMOS),
        )
    )


def _digits() -> pd.DataFrame:
    from sklearn.datasets import load_digits

    found = cast(dict, load_digits())
    images = pd.DataFrame(found["data"], columns=[f"pixel{k}" for k in range(found["data"].shape[1])])
    return images.assign(label=found["target"])


def _promoters() -> pd.DataFrame:
    made = make_promoters()
    return pd.DataFrame({"dna": made.sequences, "expression": made.expression.round(4)})


_LABELLED = {
    "reviews": make_reviews,
    "digits": _digits,
    "membrane": make_membrane,
    "numbers": make_numbers,
    "voice": make_voice,
    "promoters": _promoters,
    "phrases": make_phrases,
    "shop": make_shop,
    "sensors": make_sensors,
}


def _table(dataset: ModuleType) -> pd.DataFrame:
    return cast(pd.DataFrame, dataset.load_pandas().data)
