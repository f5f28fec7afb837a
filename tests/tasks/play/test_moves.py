"""What an actor will do next: records become histories, rivals come with the step before, episodes stay whole."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import recurra as rc
from recurra.cli.main import main
from recurra.data.events.games import game_columns, histories_of
from recurra.errors import InputError
from recurra.tasks.next_event.events import Events
from recurra.tasks.play.moves import held_out_episodes


def games(count: int = 16, rounds: int = 25, seed: int = 0) -> pd.DataFrame:
    """Player b copies what a did in the round before; a draws its moves."""
    rng = np.random.default_rng(seed)
    a = rng.choice(["rock", "paper", "scissors"], size=(count, rounds))
    b = np.concatenate([np.full((count, 1), "rock"), a[:, :-1]], axis=1)
    columns = {"game": np.repeat(np.arange(count), rounds), "round": np.tile(np.arange(rounds), count)}
    return pd.DataFrame({**columns, "a": a.ravel(), "b": b.ravel()})


def long_of(wide: pd.DataFrame) -> pd.DataFrame:
    return wide.melt(["game", "round"], ["a", "b"], "player", "move").sort_values(["round", "game"])


def test_wide_and_long_records_are_the_same_histories():
    wide = games(3, 5)
    one, _facts = histories_of(wide, game_columns(wide, action=["a", "b"], episode="game", step="round"))
    long = long_of(wide)
    two, facts = histories_of(long, game_columns(long, action=["move"], actor="player", episode="game", step="round"))
    key = ["history", "action", "rivals"]
    assert one[key].equals(two.assign(at=two["history"].map({h: k for k, h in enumerate(pd.unique(one["history"]))}))
                           .sort_values("at", kind="stable").reset_index(drop=True)[key])  # fmt: skip
    assert facts[0].value == "3 episodes, 6 actors, 30 actions"
    first = one[one["history"] == "1 / a"]
    assert first["action"].tolist() == wide[wide["game"] == 1]["a"].tolist()
    assert first["rivals"].tolist() == wide[wide["game"] == 1]["b"].tolist()


def test_of_several_rivals_all_are_told_and_a_missing_action_is_no_event():
    table = pd.DataFrame({"g": [1] * 6, "who": list("abcabc"), "did": ["x", "y", "z", "x", None, "w"]})
    found, facts = histories_of(table, game_columns(table, action=["did"], actor="who", episode="g"))
    assert found[found["history"] == "1 / a"]["rivals"].tolist() == ["y + z", " + w"]
    assert len(found) == 5
    assert facts[1].value == "1 action without a word: left out"


def test_no_later_action_reaches_an_earlier_row():
    wide = games(2, 9)
    columns = game_columns(wide, action=["a", "b"], episode="game")
    before = histories_of(wide, columns)[0]
    wide.loc[wide["round"] == 8, ["a", "b"]] = "other"
    after = histories_of(wide, columns)[0]
    early = before.groupby("history").cumcount() < 8
    assert before[early].equals(after[early])


def test_whole_episodes_are_the_test_part():
    log = rc.NextMove()._log(games(10), {"action": ["a", "b"], "episode": "game"})
    parts = rc.NextMove()._split(Events(log), 0.3)
    assert parts.facts[0].value == "whole episodes at random, 3 episodes"
    episodes = [user.split(" / ")[0] for user in log.users[log.owners]]
    learnt, judges = ({episodes[k] for k in part} for part in (parts.train, parts.test))
    assert len(learnt) == 7
    assert len(judges) == 3
    assert not learnt & judges
    assert len(parts.train) + len(parts.test) == len(log) - 6  # the first of each of six histories is not asked for
    with pytest.raises(InputError, match="a single episode"):
        held_out_episodes(np.zeros(2, dtype=np.int64), 0.3, 0)


@pytest.mark.train
def test_it_learns_what_a_rival_tells_and_keeps_its_columns_in_the_file(tmp_path: Path):
    wide = games(30, 25)
    model = rc.NextMove(network={"hidden": 16, "embedding": 8}, training={"epochs": 8}, verbose=False)
    evaluation = model.study(wide, action=["a", "b"], episode="game", step="round")
    assert evaluation.table["accuracy"]["Recurra"] > evaluation.table["accuracy"].drop("Recurra").max() + 0.1
    assert "Markov of the history itself" in evaluation.table.index
    assert evaluation.verdict.units == 6  # games, of which each has two histories
    model.save(tmp_path / "a.safetensors")
    again = rc.load(tmp_path / "a.safetensors")
    assert isinstance(again, rc.NextMove)
    assert again.predict(wide[wide["game"] < 3]).tolist() == model.predict(wide[wide["game"] < 3]).tolist()
    part = wide[(wide["game"] == 0) & (wide["round"] < 20)]
    assert again.predict(part)[1] == part["a"].iloc[-1]  # b copies a's last move
    again.save(tmp_path / "b.safetensors")
    assert (tmp_path / "a.safetensors").read_bytes() == (tmp_path / "b.safetensors").read_bytes()


def left(arguments: list[str]) -> int:
    with pytest.raises(SystemExit) as found:
        main(arguments)
    return int(found.value.code or 0)


@pytest.mark.train
def test_the_command_takes_records_and_later_ones(tmp_path: Path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    long_of(games(8, 12)).to_csv("games.csv", index=False)
    named = ["--actor", "player", "--action", "move", "--episode", "game", "--round", "round"]
    assert left(["play", "games.csv", *named, "--epochs", "1", "--hidden", "8"]) == 0
    assert "whole episodes at random" in capsys.readouterr().out
    assert left(["predict", "games.safetensors", "games.csv", "--top", "2"]) == 0
    assert len(pd.read_csv("predictions.csv")) == 32
    assert left(["evaluate", "games.safetensors", "games.csv"]) == 0


@pytest.mark.parametrize(
    ("more", "told"),
    [
        ([], "no column of games.csv is said to hold what was done"),
        (["--action", "deed"], "deed"),
        (["--action", "move", "--frames", "9"], "--frames 9 says nothing to records of games"),
        (["--action", "move", "--episode", "game", "--round", "player"], "expected numbers that order the steps"),
        (["--action", "move", "--episode", "game", "--round", "round"], "acts twice in step 0 of episode 0"),
    ],
)
def test_records_that_cannot_be_read_are_refused(more, told, tmp_path: Path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    long_of(games(3, 4)).to_csv("games.csv", index=False)
    assert left(["play", "games.csv", *more]) == 2
    assert told in " ".join(capsys.readouterr().err.split())


def test_options_of_records_say_nothing_to_an_environment(capsys):
    assert left(["play", "CartPoleNoVel", "--actor", "player"]) == 2
    assert "--actor player says nothing to an environment" in " ".join(capsys.readouterr().err.split())


@pytest.fixture(scope="module")
def habitual() -> tuple[rc.NextMove, pd.DataFrame]:
    """Games of 100 rounds in each of which a goes round in a direction of its own, mostly."""
    rng = np.random.default_rng(1)
    wide = games(12, 100)
    turn = np.repeat(rng.integers(1, 3, 12), 100)
    steps = np.where(rng.random(1200) < 0.9, turn, 0).reshape(12, 100).cumsum(axis=1).ravel() % 3
    wide["a"] = np.array(["rock", "paper", "scissors"], dtype=object)[steps]
    model = rc.NextMove(training={"epochs": 4}, network={"hidden": 16, "embedding": 8}, least=20, verbose=False)
    model.study(wide, action=["a", "b"], episode="game", step="round")
    return model, wide


@pytest.mark.train
def test_habits_of_a_long_game_are_counted_and_compared_with(habitual: tuple[rc.NextMove, pd.DataFrame]):
    model, _wide = habitual
    habits = model.model_.reader.habits
    assert habits is not None
    assert (habits.items, habits.column, habits.words) == (3, "rivals", 3)
    table = model.holdout_.evaluation.table["accuracy"]
    assert table["Markov chains of the history itself, mixed"] > 0.6
    assert table["Recurra"] > table["Markov chains of the history itself, mixed"] - 0.1


@pytest.mark.train
def test_a_stream_counts_the_same_habits(habitual: tuple[rc.NextMove, pd.DataFrame], tmp_path: Path):
    model, wide = habitual
    whole = model._later_log(wide)
    whole = whole.keep(whole.owners < 4)
    expected = model.recommend(whole, top=1)["item"].tolist()
    assert [model.stream(whole).recommend(u, top=1, blended=True)[0] for u in whole.users] == expected
    user = str(whole.users[0])
    one = model.stream(users=[user])
    for item, rival in zip(whole.items[:100], whole.context["rivals"][:100], strict=True):
        one.observe(user, item, rivals=rival)
    begun = model.stream(whole)
    np.testing.assert_allclose(one.scores(user), begun.scores(user), atol=1e-4)
    encoded = model.model_.reader.encode(whole)
    ends = encoded.offsets[1:]
    asked = model.model_.asked(encoded, encoded.offsets[:-1], ends)
    blended = model.model_.scorer(encoded, ends)(asked, slice(None))
    np.testing.assert_allclose(begun.scores(user, blended=True), blended[0], atol=1e-3)
    begun.save(tmp_path / "state")
    again = model.stream(users=list(whole.users))
    again.load(tmp_path / "state")
    for each in (again, begun):
        each.observe(user, "rock", rivals="paper")
    np.testing.assert_array_equal(again.scores(user), begun.scores(user))
    for each in (again, one):
        each.forget(user).observe(user, "rock", rivals="paper")
    np.testing.assert_allclose(again.scores(user), one.scores(user), atol=1e-5)
