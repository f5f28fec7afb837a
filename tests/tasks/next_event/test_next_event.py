"""NextEvent: learns an order that neighbours cannot tell, is evaluated, explained, saved, resumed, streamed."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tests.tasks.next_event.logs import NETWORK, TRAINING, log_of

import recurra as rc
from recurra.data.demo.shop import make_shop
from recurra.errors import InputError, ModelFileError
from recurra.objectives.next_item import full_loss, sampled_loss
from recurra.tasks.next_event.splitting import Cut, split_log


@pytest.fixture(scope="module")
def studied() -> rc.NextEvent:
    model = rc.NextEvent(training=TRAINING, network=NETWORK, numbers=["price"], verbose=False)
    model.study(log_of())
    return model


@pytest.mark.train
def test_a_study_ranks_all_items_beside_the_baselines(studied: rc.NextEvent) -> None:
    table = studied.holdout_.evaluation.table
    assert {"popularity", "Markov", "session-kNN", "n-gram", "item-kNN", "sequential rules"} <= set(table.index)
    accuracy = table["accuracy"].to_dict()
    assert accuracy["Recurra"] > accuracy["Markov"] + 0.2
    assert studied.verdict_
    assert studied.holdout_.model is not studied.model_


@pytest.mark.train
def test_who_has_seen_every_item_is_proposed_them_again(studied: rc.NextEvent) -> None:
    rows = [("s", 1.4e9 + 10 * k, f"i{k}", 1.0) for k in range(10)]
    found = studied.recommend(pd.DataFrame(rows, columns=["session", "time", "item", "price"]), top=10)
    assert np.isfinite(found["share"]).all()
    assert found["share"].sum() == pytest.approx(1.0)


@pytest.mark.train
def test_numbers_that_come_next(studied: rc.NextEvent) -> None:
    past = log_of(1).iloc[:4]
    found = studied.next_numbers(past).set_index("number")
    assert found.loc["gap", "50 %"] == pytest.approx(10, rel=0.5)
    assert (found["10 %"] <= found["90 %"]).all()


@pytest.mark.train
def test_a_file_gives_the_same_proposals(studied: rc.NextEvent, tmp_path: Path) -> None:
    later = log_of(5)
    studied.save(tmp_path / "m.safetensors")
    again = rc.load(tmp_path / "m.safetensors")
    pd.testing.assert_frame_equal(again.recommend(later, top=3), studied.recommend(later, top=3))
    again.save(tmp_path / "n.safetensors")
    assert (tmp_path / "m.safetensors").read_bytes() == (tmp_path / "n.safetensors").read_bytes()
    strange = later.assign(item=later["item"].where(later.index > later.index[1], "never seen"))
    facts = {}
    for name, frame in (("later", later), ("strange", strange)):
        frame.to_csv(tmp_path / f"{name}.csv", index=False)
        facts[name] = again.later(again.read_file(str(tmp_path / f"{name}.csv"), {})).facts
    assert not [fact for fact in facts["later"] if "never occur" in fact.value]
    told = "2 events with items that never occur in training, read as unknown: never seen"
    assert told in [fact.value for fact in facts["strange"]]
    data = bytearray((tmp_path / "m.safetensors").read_bytes())
    (tmp_path / "half.safetensors").write_bytes(data[: len(data) // 2])
    with pytest.raises(ModelFileError):
        rc.load(tmp_path / "half.safetensors")


@pytest.mark.train
def test_a_stream_has_the_state_of_the_whole_history(studied: rc.NextEvent) -> None:
    log = log_of(3)
    model = studied.model_
    stream = studied.stream(log, users=["new"])
    histories = studied._later_log(log)
    encoded = model.reader.encode(histories)
    hidden = model.hidden(encoded, encoded.offsets[1:] - 1)[0]
    scores = model.members[0].network.scores(hidden).detach().numpy()
    for number, user in enumerate(histories.users):
        np.testing.assert_allclose(stream.scores(user), scores[number], atol=2e-4)
    one, more = studied.stream(users=["a", "b"]), studied.stream(users=["a", "b"])
    for item, other in (("i1", "i4"), ("i2", "i6"), ("i3", "i8")):
        one.observe("a", item).observe("b", other)
        more.observe_many(["b", "a"], [other, item])
    np.testing.assert_allclose(one.scores("a").copy(), more.scores("a"), atol=1e-5)
    np.testing.assert_allclose(one.scores("b").copy(), more.scores("b"), atol=1e-5)
    one.forget("a")
    assert one.recommend("a", 3) == studied.stream(users=["a"]).recommend("a", 3)
    with pytest.raises(InputError, match="no user 'c'"):
        one.observe("c", "i1")


@pytest.mark.train
def test_a_blended_stream_ranks_as_predict_does(studied: rc.NextEvent) -> None:
    log = log_of(2)
    model, histories, stream = studied.model_, studied._later_log(log), studied.stream(log)
    assert model.blend.methods
    encoded = model.reader.encode(histories)
    ends = encoded.offsets[1:]
    whole = model.scorer(encoded, ends)(model.asked(encoded, encoded.offsets[:-1], ends), slice(None))
    for number, user in enumerate(histories.users):
        np.testing.assert_allclose(stream.scores(user, blended=True), whole[number], atol=1e-3)


@pytest.mark.train
def test_an_explanation_takes_events_out(studied: rc.NextEvent) -> None:
    found = studied.explain(log_of(1).iloc[:3])
    assert found["event"].tolist() == [1, 2, 3]
    assert found["attribution"].abs().argmax() > 0  # the latest ones decide


@pytest.mark.train
def test_the_same_seed_gives_the_same_bits(tmp_path: Path) -> None:
    for name in ("a", "b"):
        rc.NextEvent(training={"epochs": 1.0}, network=NETWORK, verbose=False).fit(log_of(40)).save(tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


@pytest.mark.train
def test_an_item_without_an_event_is_proposed_by_its_features() -> None:
    rng = np.random.default_rng(1)
    histories = []
    for visit in range(150):
        kind = "xy"[rng.integers(2)]
        histories += [(visit, f"{kind}{rng.integers(6)}") for _ in range(6)]
    log = pd.DataFrame(histories, columns=["user", "item"])
    items = pd.DataFrame({"item": [f"{kind}{k}" for kind in "xy" for k in range(8)]})
    items["kind"] = items["item"].str[0]
    model = rc.NextEvent(
        training={"epochs": 8.0, "learning_rate": 0.01},
        network=NETWORK | {"item_dropout": 0.3},
        seen="keep",
        verbose=False,
    ).fit(log, items=items)
    asked = pd.DataFrame({"user": [0] * 4, "item": ["x1", "x2", "x3", "x0"]})
    found = model.recommend(asked, top=16).set_index("item")["rank"]
    assert found["x7"] < found["y7"]


def test_seen_items_and_the_past_are_left_alone_by_the_future() -> None:
    log = rc.NextEvent()._log(log_of(30), {})
    parts = split_log(log, Cut("time", 0.2), 1)
    assert log.times is not None
    assert log.times[parts.train].max() < log.times[parts.test].min()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"seen": "never"}, "seen is 'never': expected one of auto, keep, exclude"),
        ({"split": "users"}, "split is 'users'"),
        ({"least": 0}, "least is 0"),
        ({"numbers": ["rain"]}, "numbers names 'rain'"),
        ({"network": {"hidden": 0}}, "sizes of a network"),
    ],
)
def test_settings_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(InputError, match=message):
        rc.NextEvent(**settings).fit(log_of(4))


def test_events_are_refused() -> None:
    model = rc.NextEvent()
    with pytest.raises(InputError, match="has one event"):
        model.fit([["a"], ["b"]])
    with pytest.raises(InputError, match="a list of items for each history"):
        model.fit(["abc"])
    with pytest.raises(InputError, match="is no kind of column"):
        model.fit(log_of(3), label="x")


def test_a_sampled_loss_over_all_items_estimates_the_full_one() -> None:
    import torch

    generator = torch.Generator().manual_seed(0)
    queries, table = torch.randn(400, 8, generator=generator), torch.randn(50, 8, generator=generator)
    bias, targets = torch.randn(50, generator=generator), torch.randint(50, (400,), generator=generator)
    chances = torch.softmax(torch.randn(50, generator=generator), 0)
    drawn = torch.multinomial(chances, 20_000, replacement=True, generator=generator)
    full = float(full_loss(queries, table, bias, targets))
    assert float(sampled_loss(queries, table, bias, targets, drawn, chances.log())) == pytest.approx(full, rel=0.03)


def test_the_shop_has_habits() -> None:
    frame = make_shop(50)
    assert list(frame) == ["session", "time", "item", "price"]
    assert frame.equals(make_shop(50))
    assert (frame.groupby("session")["time"].is_monotonic_increasing).all()


@pytest.mark.train
def test_a_stream_reads_the_clock_as_the_whole_history_does() -> None:
    log = log_of(60)
    log["time"] = 1.4e9 + 4_900.0 * np.arange(len(log))
    model = rc.NextEvent(training={"epochs": 1}, network=NETWORK, verbose=False).fit(log)
    assert model.model_.reader.clock
    first = log[log["session"] == "s0"]
    one = model.stream(users=["s0"])
    for item, time, price in zip(first["item"], first["time"], first["price"], strict=True):
        one.observe("s0", item, time=float(time), price=price)
    np.testing.assert_allclose(one.scores("s0"), model.stream(first).scores("s0"), atol=1e-4)


@pytest.mark.train
def test_a_transformer_streams_with_a_bounded_state(tmp_path: Path) -> None:
    model = rc.NextEvent(
        cell="transformer", training={"epochs": 1}, network={"hidden": 8, "layers": 2}, verbose=False
    ).fit([["a", "b", "c"] * 60, ["a", "c", "b"]] * 10)
    stream = model.stream(users=["anna", "ben"])
    history = ["a", "b", "c", "c"] * 40  # longer than it sees
    for item in history:
        stream.observe("anna", item)
    asked = rc.load(_saved(model, tmp_path)).recommend([history], top=3)
    assert stream.recommend("anna", top=3, blended=True) == asked["item"].tolist()
    stream.save(tmp_path / "s.safetensors")
    again = model.stream(users=["anna", "ben"])
    again.load(tmp_path / "s.safetensors")
    np.testing.assert_array_equal(again.scores("anna"), stream.scores("anna"))
    np.testing.assert_array_equal(again.observe("anna", "a").scores("anna"), stream.observe("anna", "a").scores("anna"))


def _saved(model: rc.NextEvent, folder: Path) -> Path:
    model.save(folder / "t.safetensors")
    return folder / "t.safetensors"
