"""The server call by call: the numbers of the model itself, and every refusal with its status."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from starlette.testclient import TestClient
from tests.serve.conftest import LIMITS

import recurra as rc
from recurra.errors import InputError, ModelFileError
from recurra.serve.app import create_app
from recurra.serve.settings import Settings


def told(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json() if answer.content else None


def medians(said: dict[str, Any]) -> list[float]:
    return [row["forecast"] for row in said["forecast"]]


def test_a_session_gives_what_a_stream_gives(client: TestClient, forecaster: Path) -> None:
    model: Any = rc.load(forecaster)
    name = told(client.post("/v1/sessions", json={"series": "y"}), 201)["name"]
    stream = model.stream(series="y")
    for k, y in enumerate([21.0, None, 19.5]):
        said = told(client.post(f"/v1/sessions/{name}/steps", json={"rows": [y]}))
        ahead = stream.step(np.nan if y is None else y)
        assert said["steps"] == k + 1
        assert medians(said["said"][0]) == pytest.approx(ahead.points[0].tolist())
        low = [row["lo_80"] for row in said["said"][0]["forecast"]]
        assert low == pytest.approx(ahead.interval(80)[0][0].tolist())


def test_a_session_takes_the_rows_that_predict_takes(client: TestClient) -> None:
    """With their time, and of a series that nothing is known of, whose intervals are no narrower for that."""
    told(client.post("/v1/sessions", json={"name": "old", "series": "y"}), 201)
    told(client.post("/v1/sessions", json={"name": "new"}), 201)
    rows = [{"ds": "2024-03-01", "y": 21.0}]
    said = told(client.post("/v1/sessions/old/steps", json={"rows": rows}))["said"][0]
    later = told(client.post("/v1/predict", json={"rows": rows}))["rows"]
    assert medians(said) == pytest.approx([row["forecast"] for row in later])
    assert said["forecast"][0]["ds"].startswith("2024-03-02")
    first = told(client.post("/v1/sessions/new/steps", json={"rows": rows}))["said"][0]["forecast"]
    assert all(row["hi_80"] - row["lo_80"] > 4.0 for row in first)  # the season has an amplitude of 5
    late = told(client.post("/v1/sessions/old/steps", json={"rows": rows}), 400)
    assert "expected this one or a later one" in late["message"]


def test_whole_sequences_are_those_of_predict(client: TestClient, forecaster: Path) -> None:
    model: Any = rc.load(forecaster)
    rows = told(client.post("/v1/predict", json={}))["rows"]
    assert [row["forecast"] for row in rows] == pytest.approx(model.predict()["forecast"].tolist())
    newer = [{"ds": "2024-03-01", "y": 25.0}]
    later = told(client.post("/v1/predict", json={"rows": newer}))["rows"]
    assert later[0]["ds"].startswith("2024-03-02")


def test_a_tagger_goes_on_letter_by_letter(tagger: Path) -> None:
    stream: Any = rc.load(tagger).stream()
    with TestClient(create_app(Settings(tagger, LIMITS))) as client:
        told(client.post("/v1/sessions", json={"name": "a"}), 201)
        said = told(client.post("/v1/sessions/a/steps", json={"rows": list("ACGT")}))["said"]
        assert [each["predicted"] for each in said] == [stream.step(letter) for letter in "ACGT"]
        assert sum(said[0]["outputs"].values()) == pytest.approx(1.0)
        assert client.post("/v1/sessions", json={"series": "y"}).status_code == 400


def test_a_model_that_cannot_go_on_says_why(tmp_path: Path) -> None:
    from tests.tasks.exporting import small_tagger

    small_tagger(bidirectional=True).save(tmp_path / "tags.safetensors")
    with TestClient(create_app(Settings(tmp_path / "tags.safetensors", LIMITS))) as client:
        refused = told(client.post("/v1/sessions", json={}), 400)
        assert "runs in both directions" in refused["message"]


def test_a_recommender_has_no_sessions_and_says_what_it_has(tmp_path: Path) -> None:
    model = rc.NextEvent(training={"epochs": 0.2}, network={"hidden": 8}, verbose=False)
    model.fit([["a", "b", "c"], ["a", "b"]] * 20).save(tmp_path / "next.safetensors")
    with TestClient(create_app(Settings(tmp_path / "next.safetensors", LIMITS))) as client:
        message = told(client.post("/v1/sessions", json={}), 400)["message"]
        assert "not served in sessions: send whole inputs to /v1/predict; in Python, stream() goes on" in message


def test_a_generator_is_not_served(tmp_path: Path) -> None:
    model = rc.SequenceGenerator(network={"hidden": 8, "embedding": 4}, training={"epochs": 0.2}, verbose=False)
    model.fit("the cat sat on the mat. " * 200).save(tmp_path / "text.safetensors")
    with pytest.raises(InputError, match="holds a sequence generator, which is not served"):
        create_app(Settings(tmp_path / "text.safetensors", LIMITS))


def test_a_generator_of_series_is_not_served_either(tmp_path: Path) -> None:
    rows = {"a": np.sin(np.arange(400.0)), "b": np.cos(np.arange(400.0))}
    model = rc.SeriesGenerator(
        method="likelihood", network={"hidden": 8}, training={"epochs": 0.1}, window=6, verbose=False
    )
    model.fit(pd.DataFrame(rows)).save(tmp_path / "rows.safetensors")
    with pytest.raises(InputError, match="holds a series generator, which is not served"):
        create_app(Settings(tmp_path / "rows.safetensors", LIMITS))


def test_a_message_on_the_rows_of_a_call_names_the_request(client: TestClient) -> None:
    message = told(client.post("/v1/predict", json={"rows": [{}]}), 400)["message"]
    assert message.startswith("the request has no columns")
    message = told(client.post("/v1/predict", json={"rows": [{"z": 1}]}), 400)["message"]
    assert message == "column 'ds' is not in the request. Columns: z."  # and no option that a call does not have


def test_all_rows_of_a_call_happen_or_none(client: TestClient) -> None:
    told(client.post("/v1/sessions", json={"name": "a"}), 201)
    told(client.post("/v1/sessions/a/steps", json={"rows": [1.0, 2.0]}))
    before = client.get("/v1/sessions/a/snapshot").content
    refused = told(client.post("/v1/sessions/a/steps", json={"rows": [3.0, "x"]}), 400)
    assert refused["message"].startswith("row 2: y holds")
    assert client.get("/v1/sessions/a/snapshot").content == before


def test_a_snapshot_goes_on_as_the_session_does(client: TestClient) -> None:
    told(client.post("/v1/sessions", json={"name": "a", "series": "y"}), 201)
    told(client.post("/v1/sessions/a/steps", json={"rows": [30.0]}))
    content = client.get("/v1/sessions/a/snapshot").content
    send = {"content": content, "headers": {"Content-Type": "application/octet-stream"}}
    assert told(client.post("/v1/sessions/restore?name=b", **send), 201)["steps"] == 1
    a, b = (told(client.post(f"/v1/sessions/{name}/steps", json={"rows": [7.0]})) for name in "ab")
    assert a == b
    send["content"] = content[:-1] + bytes([content[-1] ^ 1])
    assert told(client.post("/v1/sessions/restore", **send), 400)["error"] == "session"


def test_every_refusal_has_its_status(client: TestClient) -> None:
    told(client.post("/v1/sessions", json={"name": "a"}), 201)
    steps = "/v1/sessions/a/steps"
    for expected, answer in {
        "call 400": client.post(steps, json={"rows": []}),
        "row 400": client.post(steps, json={"rows": ["x"]}),
        "rows 400": client.post("/v1/predict", json={"rows": [{"z": 1}]}),
        "session 404": client.post("/v1/sessions/b/steps", json={"rows": [1]}),
        "exists 409": client.post("/v1/sessions", json={"name": "a"}),
        "step 409": client.post(steps, json={"rows": [1], "expected": 5}),
        "rows 413": client.post(steps, json={"rows": [1] * 9}),
        "body 413": client.post(steps, content=b" " * 30_000),
        "path 404": client.get("/v1/nothing"),
        "method 405": client.get("/v1/predict"),
    }.items():
        error, status = expected.split()
        assert (answer.json()["error"], answer.status_code) == (error, int(status))
        assert set(answer.json()) == {"error", "message"}
    assert told(client.get("/v1/sessions/a"))["steps"] == 0
    assert client.delete("/v1/sessions/a").status_code == 204
    assert client.delete("/v1/sessions/a").status_code == 404


def test_no_more_sessions_than_there_may_be_and_slots_grow(client: TestClient) -> None:
    for k in range(LIMITS.sessions):
        told(client.post("/v1/sessions", json={"name": f"s{k}"}), 201)
        if k == 0:
            told(client.post("/v1/sessions/s0/steps", json={"rows": [12.0]}))
    refused = client.post("/v1/sessions", json={})
    assert (refused.status_code, refused.headers["retry-after"]) == (429, "60")
    a, b = (told(client.post(f"/v1/sessions/{name}/steps", json={"rows": [13.0]})) for name in ("s0", "s79"))
    assert (a["steps"], b["steps"]) == (2, 1)
    assert medians(b["said"][0]) == pytest.approx([13.0] * 4)


def test_a_token_is_asked_of_every_call(forecaster: Path) -> None:
    settings = Settings(forecaster, LIMITS, token="secret")
    with TestClient(create_app(settings)) as client:
        assert told(client.get("/healthz"))["status"] == "ok"
        assert client.get("/v1/model").status_code == 401
        assert client.get("/v1/model", headers={"Authorization": "Bearer other"}).status_code == 401
        right = {"Authorization": "Bearer secret"}
        told(client.get("/v1/model", headers=right))
        told(client.post("/v1/sessions", json={"name": "a"}, headers=right), 201)
        with client.websocket_connect("/v1/sessions/a/live") as socket:
            assert socket.receive_json()["status"] == 401
        with client.websocket_connect("/v1/sessions/a/live?token=secret") as socket:
            socket.send_json({"rows": [1.0]})
            assert socket.receive_json()["steps"] == 1


def test_a_live_feed_survives_rubbish(client: TestClient) -> None:
    told(client.post("/v1/sessions", json={"name": "a"}), 201)
    with client.websocket_connect("/v1/sessions/a/live") as socket:
        for text, status in (("{", 400), ('{"rows": ["x"]}', 400), ('{"rows": [1,1,1,1,1,1,1,1,1]}', 413)):
            socket.send_text(text)
            assert socket.receive_json()["status"] == status
        socket.send_json({"rows": [4.0, 5.0]})
        assert socket.receive_json()["steps"] == 2
    with client.websocket_connect("/v1/sessions/nobody/live") as socket:
        socket.send_json({"rows": [4.0]})
        assert socket.receive_json()["status"] == 404


def test_sessions_go_on_after_the_server_was_down(forecaster: Path, tmp_path: Path) -> None:
    settings = Settings(forecaster, LIMITS, state=tmp_path / "kept.sessions")
    with TestClient(create_app(settings)) as client:
        told(client.post("/v1/sessions", json={"name": "a", "series": "y"}), 201)
        told(client.post("/v1/sessions/a/steps", json={"rows": [30.0]}))
        snapshot = client.get("/v1/sessions/a/snapshot").content
    with TestClient(create_app(settings)) as client:
        assert client.get("/v1/sessions/a/snapshot").content == snapshot
        assert told(client.post("/v1/sessions/a/steps", json={"rows": [31.0]}))["steps"] == 2


def test_sessions_of_another_model_are_refused_by_name(forecaster: Path, tmp_path: Path) -> None:
    kept, other = tmp_path / "kept.sessions", tmp_path / "other.safetensors"
    with TestClient(create_app(Settings(forecaster, LIMITS, state=kept))) as client:
        told(client.post("/v1/sessions", json={"name": "a"}), 201)
    model: Any = rc.load(forecaster)
    model.verdict_ = "another file"
    model.save(other)
    with pytest.raises(ModelFileError, match=r"kept\.sessions holds the sessions of another model.*state="):
        create_app(Settings(other, LIMITS, state=kept))
    kept.write_bytes(b"rubbish")
    with pytest.raises(ModelFileError, match="is no file of sessions"):
        create_app(Settings(forecaster, LIMITS, state=kept))


def test_idle_sessions_are_forgotten(forecaster: Path) -> None:
    settings = Settings(forecaster, replace(LIMITS, idle=0.2))
    with TestClient(create_app(settings)) as client:
        import time

        told(client.post("/v1/sessions", json={"name": "a"}), 201)
        time.sleep(0.7)
        assert client.get("/v1/sessions/a").status_code == 404


def test_a_call_that_takes_too_long_is_told_so(forecaster: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import time

    app = create_app(Settings(forecaster, replace(LIMITS, seconds=0.2)))
    with TestClient(app) as client:
        monkeypatch.setattr(app.state.server, "predicted", lambda rows: time.sleep(0.6) or [])
        answer = client.post("/v1/predict", json={})
        assert (answer.status_code, answer.json()["error"]) == (503, "time")
        assert "retry-after" in answer.headers


def test_metrics_count_calls_and_say_how_far_intervals_hold(client: TestClient) -> None:
    told(client.post("/v1/sessions", json={"name": "a", "series": "y"}), 201)
    told(client.post("/v1/sessions/a/steps", json={"rows": [20.0, 1e6]}))
    text = client.get("/metrics").text
    assert "recurra_sessions 1.0" in text
    assert "recurra_steps_total 2.0" in text
    assert 'recurra_calls_total{route="/v1/sessions/{name}/steps",status="200"} 1.0' in text
    assert 'recurra_interval_coverage{level="80"}' in text
