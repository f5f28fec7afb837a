"""The live page in a browser: a stream and its forecast as it comes, in both languages and at both widths."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import uvicorn
from tests.serve.conftest import LIMITS
from tests.serve.test_shared import free_port

from recurra.language import set_language
from recurra.serve.app import create_app
from recurra.serve.settings import Settings


@pytest.fixture(scope="module")
def address(forecaster: Path) -> Iterator[str]:
    """Where the forecaster is served."""
    config = uvicorn.Config(create_app(Settings(forecaster, LIMITS)), port=(port := free_port()), log_level="error")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        time.sleep(0.05)
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(30)


@pytest.mark.parametrize("width", [1280, 390])
def test_a_stream_and_its_forecast_are_shown_as_they_come(address: str, browser: Any, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 800})
    page.set_default_timeout(120_000)
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(address)
    page.wait_for_function("document.getElementById('state').textContent === 'connected'")
    page.fill("#value", "21.5")
    page.click("#one button")
    page.wait_for_function("document.getElementById('steps').textContent === '1'")
    assert page.locator("path.band").count() == 2
    first = page.locator("#future").get_attribute("d")
    page.fill("#rows", "25\n30\n\nnull\n28")
    page.click("#play")
    page.wait_for_function("document.getElementById('steps').textContent === '5'")
    assert page.locator("#future").get_attribute("d") != first
    assert page.locator("#history").get_attribute("d").count("M") == 2  # a gap where a row is missing
    page.fill("#value", "rubbish")
    page.click("#one button")
    page.wait_for_function("document.getElementById('trouble').textContent.includes('expected numbers')")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert not errors
    assert all(url.startswith((address, "data:")) for url in asked)
    page.close()


def test_the_page_speaks_chinese(forecaster: Path) -> None:
    from starlette.testclient import TestClient

    app = create_app(Settings(forecaster, LIMITS))
    with set_language("zh"), TestClient(app) as client:
        text = client.get("/").text
    assert 'lang="zh"' in text
    assert "实时" in text
