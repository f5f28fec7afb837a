"""What one step of a series is called: a week, an hour, a 30-minute step."""

from __future__ import annotations

from recurra.data.time.frequency import parse_frequency

STEP = "step"
NOUNS_OF = {
    "s": "second",
    "min": "minute",
    "h": "hour",
    "D": "day",
    "B": "business day",
    "W": "week",
    "MS": "month",
    "ME": "month",
    "QS": "quarter",
    "QE": "quarter",
    "YS": "year",
    "YE": "year",
}

NOUNS = (STEP, *dict.fromkeys(NOUNS_OF.values()))


def step_noun(frequency: str | None) -> str:
    """The name of one step of a grid of this frequency; "step" where the grid has no time, or an unusual unit.

    Example:
        >>> step_noun("W-SAT"), step_noun("30min"), step_noun("2W"), step_noun(None)
        ('week', '30-minute step', '2-week step', 'step')
    """
    if frequency is None:
        return STEP
    parsed = parse_frequency(frequency)
    noun = NOUNS_OF.get(parsed.unit, STEP)
    return noun if parsed.count == 1 or noun == STEP else f"{parsed.count}-{noun} step"
