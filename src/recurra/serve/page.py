"""The live page: a stream and what comes after it, while it goes on. It needs nothing from elsewhere."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from jinja2 import Environment, PackageLoader, select_autoescape

from recurra.language import _, language


def page(model: Mapping[str, Any]) -> str:
    """The page of a model that is served, as `/v1/model` describes it."""
    environment = Environment(loader=PackageLoader("recurra.serve"), autoescape=select_autoescape(default=True))
    words = {
        "title": _("Live"),
        "value": _("Next row: a value, or JSON such as {example}", example='{"y": 12.5}'),
        "step": _("Step"),
        "feed": _("Rows to feed, one a line"),
        "play": _("Feed"),
        "open": _("Open session"),
        "hint": _("Enter the next value: what the model says after it appears here."),
        "stop": _("Stop"),
        "session": _("Session"),
        "steps": _("steps"),
        "watch": _("Watch a session by its name"),
        "token": _("Token"),
        "forecast": _("forecast"),
        "observed": _("observed"),
        "connecting": _("connecting"),
        "connected": _("connected"),
        "closed": _("closed"),
        "predicted": _("predicted"),
    }
    text = json.dumps({"model": dict(model), "words": words}, ensure_ascii=False).replace("<", "\\u003c")
    return environment.get_template("live.html.j2").render(data=text, words=words, model=model, language=language())
