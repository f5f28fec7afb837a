"""What may stand beside a number in a table: signs of currencies, units of measurement, multipliers, footnote marks."""

from __future__ import annotations

import re

# Signs and ISO 4217 codes; a code counts in capitals only.
CURRENCIES = frozenset(
    "$ € £ ¥ ￥ ₹ ₽ ₩ ₺ ₴ ₫ ₱ ₪ ₦ ₡ ₲ ₵ ₸ ₼ ₾ ฿ ៛ R$ US$ A$ AU$ C$ CA$ NZ$ HK$ NT$ S$ MX$ Rs Rs. kr kr. zł Kč Ft lei "
    "лв руб руб. 元 円 원 Rp RM USD EUR GBP JPY CNY RMB CHF SEK NOK DKK PLN CZK HUF RON BGN RUB UAH TRY INR PKR IDR "
    "MYR SGD HKD TWD KRW THB VND PHP AUD NZD CAD MXN BRL ARS CLP COP PEN ZAR NGN KES EGP ILS AED SAR QAR KWD".split()
)
_SHARES = frozenset("% ‰ ‱ percent pct pp".split())
_BASE = (
    "° °C °F ℃ ℉ K degC degF g kg mg ug µg μg ng t lb lbs oz m cm mm µm μm nm km mi ft in yd m² m2 m³ m3 km² km2 cm² "
    "cm3 ha L l mL ml dl cl hl gal bbl W kW MW GW TW Wh kWh MWh GWh TWh kVA MVA V mV kV A mA µA Ah mAh Hz kHz MHz GHz "
    "Pa hPa kPa MPa bar mbar atm psi mmHg N kN J kJ MJ GJ TJ cal kcal BTU MMBtu therms ppm ppb mol mmol mM lx lux cd "
    "lm dB dBA dBm bpm rpm mph kph kmh kn kt kts knots B KB kB MB GB TB bit Mbit Gbit bps kbps Mbps Gbps px pcs pc "
    "Stk Stück 台 吨 公斤 千克 米 公里 度"
)
_UNITS = _SHARES | frozenset(_BASE.split())
_OVER = frozenset(
    "s sec min h hr hour d day year yr a L l m m2 m² m3 m³ km km² ha kg g lb ft sqm mi gal kWh MWh Std".split()
)
MULTIPLIERS = {"k": 3, "K": 3, "M": 6, "B": 9, "T": 12, "mn": 6, "bn": 9, "tn": 12, "万": 4, "萬": 4, "億": 8, "亿": 8}
# Footnote signs, numbers in brackets or raised, and the one-letter flags of statistical offices (p provisional, ...).
_SIGNS = r"[*†‡§¶#¹²³⁴⁵⁶⁷⁸⁹⁰]+|\[[0-9a-zA-Z]{1,3}\]"
_FLAGS = r"[bcdefinprsuvz]{1,3}|\([a-zA-Z]{1,2}\)"
_MARK = re.compile(rf"(?:{_SIGNS}|{_FLAGS})(?:[ ,]?(?:{_SIGNS}|{_FLAGS}))*")


def is_unit(text: str) -> bool:
    """Whether `text` behind a number is a unit, a share or a multiplier, brackets around it aside.

    >>> is_unit("µg/m³"), is_unit("[km/h]"), is_unit("visitors")
    (True, True, False)
    """
    text = text.strip().strip("[]").strip()
    if text in _UNITS or text in MULTIPLIERS:
        return True
    above, slash, below = text.partition("/")
    return bool(slash) and (above in _UNITS or above in CURRENCIES) and below in (_OVER | _UNITS)


def is_share(text: str) -> bool:
    """Whether `text` says that a number is a part of a hundred or a thousand."""
    return text in _SHARES


def is_mark(text: str) -> bool:
    """Whether `text` behind a number is a footnote's mark or a flag.

    >>> is_mark("*"), is_mark("[1]"), is_mark("p"), is_mark("kg")
    (True, True, True, False)
    """
    return _MARK.fullmatch(text) is not None


def names_unit(text: str) -> bool:
    """Whether a cell of words is the unit of its column, as in a row under the header: `°C`, `[hPa]`, `(EUR)`, `Avg`.

    >>> names_unit("[MEZ]"), names_unit("Deg C"), names_unit("Oslo")
    (True, True, False)
    """
    text = text.strip()
    if re.fullmatch(r"\[.{0,30}\]|\(.{0,30}\)|\{.{0,30}\}", text):
        return True
    if text in CURRENCIES or is_unit(text):
        return True
    return text.casefold() in _SPOKEN or all(is_unit(part) for part in text.split("/"))


_SPOKEN = frozenset(
    "ts rn avg smp min max tot std mean sum none unitless - units unit index count counts number thousands millions "
    "billion billions million thousand percent degrees deg celsius fahrenheit kelvin volts watts meter meters metres "
    "inch inches hours minutes seconds days euro euros dollars date time datetime utc text string int integer float "
    "double w/m^2 yyyy-mm-dd yyyy dd.mm.yyyy mm/dd/yyyy hh:mm hh:mm:ss iso8601".split()
) | {
    "deg c",
    "deg f",
    "degrees c",
    "degrees f",
    "yyyy-mm-dd hh:mm",
    "yyyy-mm-dd hh:mm:ss",
    "million usd",
    "usd million",
}
