"""What methods are called where somebody reads of them: in tables, plots, facts and verdicts.

A method's own name is English and stands as it is in CSV, JSON and options. Whoever shows one asks `method_name`.
"""

from __future__ import annotations

import re

from recurra.language import _, joined, language, mark

# Proper names (AutoETS, VAR, IBM 1, session-kNN) stay as they are; where a module makes up a name, it marks it there.
METHODS = (
    mark("naive"),
    mark("seasonal naive"),
    mark("drift"),
    mark("seasonal naive with drift"),
    mark("mean"),
    mark("the mean"),
    mark("climatology"),
    mark("seasonal profile"),
    mark("linear regression"),
    mark("trained network"),
    mark("fine-tuned network"),
    mark("pretrained network"),
    mark("most frequent class"),
    mark("the most frequent class"),
    mark("most frequent tag"),
    mark("the most frequent tag"),
    mark("usual tag of each symbol"),
    mark("share of each label"),
    mark("n-grams"),
    mark("k-mers"),
    mark("summary"),
    mark("columns"),
    mark("coarse image"),
    mark("logistic regression"),
    mark("ridge regression"),
)
# Names with parts that vary; a part is a name again, unless it is the user's or a number.
_COMPOSED = (
    (
        re.compile("(?P<features>.+) with (?P<regression>(?:logistic|ridge) regression)"),
        mark("{features} with {regression}"),
    ),
    (re.compile("(?P<features>.+) of all inputs"), mark("{features} of all inputs")),
    (re.compile("(?P<features>n-grams|k-mers) of (?P<column>.+)"), mark("{features} of {column}")),
    (re.compile(r"window of (?P<steps>\d+)"), mark("window of {steps}")),
    (re.compile(r"(?P<features>.+-grams .+) to the power (?P<power>[\d.]+)"), mark("{features} to the power {power}")),
    (re.compile(r"(?P<order>\d+)-grams \((?P<smoothing>[\w-]+)\)"), mark("{order}-grams ({smoothing})")),
)
_PARTS = ("features", "regression")


def method_name(method: object) -> str:
    """A method as the reader's language calls it; a proper name, or one that nobody marked, as it is."""
    name = str(method)
    if language() == "en":
        return name
    shown = _(name)
    if shown != name:
        return shown
    for pattern, template in _COMPOSED:
        found = pattern.fullmatch(name)
        if found is not None:
            parts = found.groupdict()
            return _(template, **{key: method_name(part) if key in _PARTS else part for key, part in parts.items()})
    listed = [part for some in name.split(" and ") for part in some.split(", ")]
    return joined([_(part) for part in listed]) if all(part in METHODS for part in listed) else name


def method_in_sentence(method: str) -> str:
    """The same in the middle of a sentence: "the most frequent class", "n-grams with logistic regression"."""
    return _(f"the {method}") if method.startswith(("most ", "mean", "median")) else method_name(method)
