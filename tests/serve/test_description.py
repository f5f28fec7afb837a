"""Whatever the OpenAPI description allows: no answer beyond the documented ones, and no 5xx but 503."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import HealthCheck, given, settings
from starlette.testclient import TestClient
from tests.serve.conftest import LIMITS

from recurra.serve.app import create_app
from recurra.serve.settings import Settings

_ANY: Any = [*HealthCheck]
FEW = settings(max_examples=12, deadline=None, suppress_health_check=_ANY, derandomize=True, database=None)


def test_no_call_that_is_described_breaks_the_server(forecaster: Path) -> None:
    app = create_app(Settings(forecaster, LIMITS))
    with TestClient(app, raise_server_exceptions=True) as client:
        client.post("/v1/sessions", json={"name": "0"})
        schema = schemathesis.openapi.from_dict(client.get("/openapi.json").json())
        seen = set()
        every: Any = schema.get_all_operations()
        for result in every:
            operation: Any = result.ok()
            documented = {*map(str, operation.definition.raw["responses"]), "400", "404", "405"}
            _answers(operation, client, documented, seen)
    assert {200, 400, 404} <= seen


def _answers(operation: Any, client: TestClient, documented: set[str], seen: set[int]) -> None:
    """Calls of one operation."""

    @FEW
    @given(operation.as_strategy())
    def answers(case: Any) -> None:
        given = case.as_transport_kwargs(base_url="http://testserver")
        answer = client.request(
            given["method"], given["url"], params=given.get("params"), json=given.get("json"),
            content=given.get("data"), headers=dict(given.get("headers") or {}),
        )  # fmt: skip
        seen.add(answer.status_code)
        assert answer.status_code < 500 or answer.status_code == 503, answer.text
        assert str(answer.status_code) in documented, answer.text

    answers()
