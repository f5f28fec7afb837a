"""From a template and what it shows to one HTML file that opens without a network, and cannot reach one.

The content policy of a page names each of its scripts by its digest: nothing else runs, nothing is loaded, no form is
sent. It cannot forbid a script to open a window, so `report.js` takes `window.open` away.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from recurra.language import _, language
from recurra.report.bundle import CONFIG, plotly_js, plotly_locale

POLICY = (
    "default-src 'none'; script-src {scripts}; style-src 'unsafe-inline'; img-src data: blob:; media-src data:; "
    "connect-src 'none'; frame-src 'none'; object-src 'none'; form-action 'none'; base-uri 'none'"
)


def render_page(template: str, payload: Mapping[str, Any], **shown: Any) -> str:
    """The page as text: `template` filled with `shown`, its plots drawn in the browser from `payload`."""
    programs = [plotly_js(), _asset("report.js")]
    return (
        _environment()
        .get_template(template)
        .render(
            payload=_script_json({**payload, "config": CONFIG, "locale": plotly_locale()}),
            policy=POLICY.format(scripts=" ".join(map(_digest, programs))),
            styles=[_asset("report.css"), _asset("panels.css")],
            scripts=programs,
            **shown,
        )
    )


def fragment(template: str, **shown: Any) -> Markup:
    """A part of a page."""
    return Markup(_environment().get_template(template).render(**shown))


@cache
def _environment() -> Environment:
    environment = Environment(
        loader=PackageLoader("recurra.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals["_"] = _
    environment.globals["language"] = language
    return environment


def _digest(script: str) -> str:
    """What the content policy calls a script of this text."""
    return f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"


def _script_json(value: Any) -> str:
    """JSON that may stand inside a script element: it holds no <, > or &, and nothing beyond ASCII."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _asset(name: str) -> str:
    return files("recurra.report").joinpath("templates", name).read_text(encoding="utf-8")
