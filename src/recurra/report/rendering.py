"""From a template and what it shows to one HTML file that opens without a network, and cannot reach one."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined


def render_page(
    template: str, payload: Mapping[str, Any], *, styles: Sequence[str] = (), scripts: Sequence[str] = (), **shown: Any
) -> str:
    """The page as text: `template` filled with `shown`, its plots drawn in the browser from `payload`.

    `payload["figures"]` holds the plots by the name of their place; `styles` and `scripts` are files beside the
    templates, read after those that all pages share.
    """
    environment = Environment(
        loader=PackageLoader("recurra.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template(template).render(
        payload=_script_json(payload),
        plotly=files("plotly").joinpath("package_data/plotly.min.js").read_text(encoding="utf-8"),
        styles=[_asset(name) for name in ("report.css", *styles)],
        scripts=[_asset(name) for name in ("report.js", *scripts)],
        **shown,
    )


def _script_json(value: Any) -> str:
    """JSON that may stand inside a script element: it holds no <, > or &, and nothing beyond ASCII."""
    text = json.dumps(value, separators=(",", ":"), allow_nan=False)
    return text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")


def _asset(name: str) -> str:
    return files("recurra.report").joinpath("templates", name).read_text(encoding="utf-8")
