"""A forecaster comes back from its file to the bit; a file that was changed is refused before anything is built."""

from __future__ import annotations

import contextlib
import copy
import resource
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import torch
from tests.tasks.small import file_bytes, quick, shops, with_covariates

import recurra as rc
from recurra import Forecaster, ModelFileError
from recurra.data import infer_schema
from recurra.data.panel.building import build_panel
from recurra.deploy.model_file import Contents, read_model, write_model


@pytest.fixture(scope="module")
def fitted() -> Forecaster:
    return quick(members=2, embedding=2).fit(with_covariates(shops()), target="units")


@pytest.fixture(scope="module")
def contents(fitted: Forecaster, tmp_path_factory: pytest.TempPathFactory) -> Contents:
    path = tmp_path_factory.mktemp("model") / "m.safetensors"
    fitted.save(path)
    return read_model(path)


def test_saved_and_loaded_it_says_the_same(fitted: Forecaster, tmp_path: Path) -> None:
    fitted.save(tmp_path / "m.safetensors")
    again = rc.load(tmp_path / "m.safetensors")
    pd.testing.assert_frame_equal(again.predict(levels=[50, 99]), fitted.predict(levels=[50, 99]), check_exact=True)
    newer = with_covariates(shops(97))
    pd.testing.assert_frame_equal(again.predict(newer), fitted.predict(newer), check_exact=True)
    assert again.get_params() == fitted.get_params() | {"season": (fitted.season,)}
    assert again.facts() == fitted.facts()[len(fitted.understood_) :]  # how the table was read is not in the file
    assert again.verdict_ is None
    assert again.learning().empty


def test_saved_twice_it_is_the_same_file(fitted: Forecaster, tmp_path: Path) -> None:
    first = file_bytes(fitted, tmp_path)
    assert file_bytes(rc.load(tmp_path / "model.safetensors"), tmp_path) == first


def test_the_file_holds_a_window_and_not_the_data(tmp_path: Path) -> None:
    sizes = []
    for days in (300, 3000):
        sizes.append(len(file_bytes(quick(epochs=0.05).fit(shops(days)), tmp_path)))
    assert sizes[1] == pytest.approx(sizes[0], rel=0.01)


def test_a_loaded_forecaster_can_be_trained_again(fitted: Forecaster, tmp_path: Path) -> None:
    fitted.save(tmp_path / "m.safetensors")
    again = rc.load(tmp_path / "m.safetensors").fit(with_covariates(shops()), target="units")
    pd.testing.assert_frame_equal(again.predict(), fitted.predict(), check_exact=True)


def test_names_in_any_script_come_back(tmp_path: Path) -> None:
    table = shops(names=["北京, 西", 'say "hi"\n', "ß" * 300]).rename(columns={"units": "销量", "day": "日期"})
    forecaster = quick(epochs=0.1).fit(table)
    forecaster.save(tmp_path / "模型.safetensors")
    again = rc.load(tmp_path / "模型.safetensors")
    pd.testing.assert_frame_equal(again.predict(), forecaster.predict(), check_exact=True)
    assert list(again.predict().columns[:2]) == ["shop", "日期"]


def at(*keys: str | int) -> Callable[[dict, object], None]:
    def put(config: dict, value: object) -> None:
        for key in keys[:-1]:
            config = config[key]  # pyright: ignore[reportArgumentType]
        config[keys[-1]] = value  # pyright: ignore[reportArgumentType]

    return put


HUGE = 1 << 19
CHANGES = {
    "other hidden size": (at("model", "recipe", "network", "hidden"), 9),
    "huge hidden size": (at("model", "recipe", "network", "hidden"), HUGE),
    "beyond any size": (at("model", "recipe", "network", "hidden"), 1 << 40),
    "hidden zero": (at("model", "recipe", "network", "hidden"), 0),
    "hidden in words": (at("model", "recipe", "network", "hidden"), "8"),
    "hidden broken": (at("model", "recipe", "network", "hidden"), 8.5),
    "hidden true": (at("model", "recipe", "network", "hidden"), True),
    "more layers": (at("model", "recipe", "network", "layers"), 64),
    "another cell": (at("model", "recipe", "cell"), "gru"),
    "unknown cell": (at("model", "recipe", "cell"), "transformer"),
    "unknown field": (at("model", "recipe", "code"), "import os"),
    "unknown field at the top": (at("hook"), []),
    "unknown part": (at("member/2"), {"is a": "WindowMember"}),
    "more members than there are": (at("header", "members"), 3),
    "many members": (at("header", "members"), 10**12),
    "a class that is none of ours": (at("model", "is a"), "Popen"),
    "a class of another place": (at("model", "recipe", "is a"), "Scaling"),
    "no class": (at("model", "scaling", "is a"), None),
    "the weights of an own network": (at("header", "own_network"), "os.system"),
    "longer horizon": (at("model", "recipe", "horizon"), 6),
    "huge horizon": (at("model", "recipe", "horizon"), HUGE),
    "longer horizon of a member": (at("member/0", "shape", "horizon"), 6),
    "huge horizon of a member": (at("member/0", "shape", "horizon"), HUGE),
    "window of half a block": (at("member/0", "shape", "window"), 38),
    "huge window": (at("member/1", "shape", "window"), HUGE),
    "window zero": (at("member/0", "shape", "window"), 0),
    "other block": (at("member/0", "shape", "block"), 5),
    "huge block": (at("member/0", "shape", "block"), HUGE),
    "other seasons": (at("member/0", "shape", "seasons"), []),
    "season longer than the window": (at("member/0", "shape", "seasons"), [HUGE]),
    "no members": (at("header", "members"), 0),
    "unknown naive forecast": (at("model", "calibration", "naive"), 9),
    "trust in excess": (at("model", "calibration", "trust"), 2.0),
    "season of the scaling": (at("model", "scaling", "season"), HUGE),
    "another frequency": (at("model", "panel", "grid", "freq"), "century"),
    "no frequency": (at("model", "panel", "grid", "freq"), None),
    "a zone that there is not": (at("model", "panel", "grid", "tz"), "Mars/Olympus"),
    "a zone that is a path": (at("model", "panel", "grid", "tz"), "../../etc/passwd"),
    "another zone of the schema": (at("model", "panel", "schema", "tz"), "Mars/Olympus"),
    "opening hours beyond the week": (at("model", "panel", "grid", "counting", "opening"), [[0, 8]]),
    "opening hours upside down": (at("model", "panel", "grid", "counting", "opening"), [[5, 3]]),
    "another layout": (at("model", "panel", "schema", "layout"), "cube"),
    "fewer past columns in the schema": (at("model", "panel", "schema", "past"), []),
    "more known columns in the schema": (at("model", "panel", "schema", "known"), ["price", "cost"]),
    "lost categories": (at("model", "panel", "schema", "categories"), {}),
    "more values of a category": (at("model", "panel", "schema", "categories", "weather"), ["a", "b", "c", "d", "e"]),
    "fewer values of a category": (at("model", "panel", "schema", "categories", "weather"), []),
    "fewer series": (at("model", "panel", "series"), ["Bonn"]),
    "series twice": (at("model", "panel", "series"), ["Bonn", "Bonn"]),
    "fewer series in the scaling": (at("model", "scaling", "series"), ["Bonn"]),
    "seed in words": (at("model", "recipe", "seed"), "0"),
    "seed below zero": (at("model", "recipe", "seed"), -1),
    "learning rate below zero": (at("model", "recipe", "training", "learning_rate"), -1.0),
    "fewer members": (at("model", "recipe", "members"), 1),
    "seasons of the recipe": (at("model", "recipe", "seasons"), [0]),
}


@pytest.mark.parametrize("change", CHANGES)
def test_a_changed_configuration_is_refused(contents: Contents, tmp_path: Path, change: str) -> None:
    put, value = CHANGES[change]
    config = copy.deepcopy(contents.config)
    put(config, value)
    path = tmp_path / "m.safetensors"
    write_model(path, Contents(contents.kind, config, contents.tensors))  # with a valid checksum
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(ModelFileError, match=r"m\.safetensors (is not a valid forecaster|holds the weights)"):
        rc.load(path)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000  # KB


def altered(tensors: dict[str, torch.Tensor], name: str, how: str) -> dict[str, torch.Tensor]:
    value = tensors[name]
    changed = {
        "missing": None,
        "longer": torch.cat([value, value]),
        "shorter": value[:-1],
        "of another type": value.to(torch.int16 if value.is_floating_point() else torch.float32),
        "not finite": value.double() * torch.nan,
        "of another rank": value.unsqueeze(-1).unsqueeze(-1),
        "empty": value[:0],
    }[how]
    rest = {key: tensor for key, tensor in tensors.items() if key != name}
    return rest if changed is None else rest | {name: changed}


OPEN = [[24 * day + 7, 24 * day + 20] for day in range(7)]
NAMES = [
    "model/calibration/stretch",
    "model/panel/target",
    "model/panel/start",
    "model/panel/offsets",
    "model/panel/known",
    "model/panel/past_codes",
    "model/panel/static_codes",
]
NAMES += [
    "model/scaling/floor",
    "model/scaling/typical",
    "model/scaling/past_gaps",
    "model/scaling/past_mean",
    "weights/0/mixture",
]
HOWS = ["missing", "longer", "shorter", "of another type", "of another rank", "empty"]
NOT_FINITE = [
    "model/calibration/stretch",
    "model/scaling/floor",
    "model/scaling/typical",
    "model/scaling/known_mean",
    "weights/0/mixture",
    "model/panel/offsets",
]


@pytest.mark.parametrize(
    ("name", "how"), [(n, h) for n in NAMES for h in HOWS] + [(n, "not finite") for n in NOT_FINITE]
)
def test_changed_tensors_are_refused(contents: Contents, tmp_path: Path, name: str, how: str) -> None:
    path = tmp_path / "m.safetensors"
    write_model(path, Contents(contents.kind, contents.config, altered(contents.tensors, name, how)))
    with pytest.raises(ModelFileError, match=r"m\.safetensors(: .* not finite numbers| is not a valid forecaster: )"):
        rc.load(path)


def leaves(value: object, path: tuple = ()) -> Iterator[tuple]:
    """The path of every field of a configuration, and of every entry of a list."""
    if path:
        yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, entry in entries:
        yield from leaves(entry, (*path, key))


def test_no_altered_field_comes_through(tmp_path: Path) -> None:
    """Every field replaced by what it is not: the file is refused as such, or what it holds can be used."""
    times = pd.date_range("2023-10-01", periods=24 * 40, freq="h", tz="Europe/Berlin")
    times = times[(times.hour >= 7) & (times.hour < 20)]
    frame = pd.DataFrame({"at": times, "id": 1, "y": times.hour + times.day_of_week * 2.0 + times.day / 9})
    model = quick(3, season=13, epochs=0.1).fit(frame, series="id", target="y")
    path = tmp_path / "m.safetensors"
    model.save(path)
    contents = read_model(path)
    assert contents.config["model"]["panel"]["grid"]["counting"] == {
        "is a": "Counting",
        "wall": True,
        "nearest": False,
        "opening": OPEN,
        "phase": 0,
    }
    for place in leaves(contents.config):
        for wrong in (None, -1, 1 << 45, 7, "x", [], {}, True):
            config = copy.deepcopy(contents.config)
            parent: Any = config
            for key in place[:-1]:
                parent = parent[key]
            parent[place[-1]] = wrong
            write_model(path, Contents(contents.kind, config, contents.tensors))
            with contextlib.suppress(ModelFileError):  # any other error fails
                rc.load(path).predict()


def test_codes_and_offsets_that_point_outside_are_refused(contents: Contents, tmp_path: Path) -> None:
    for name, value in (
        ("model/panel/past_codes", 99),
        ("model/panel/known_codes", -2),
        ("model/panel/offsets", -1),
        ("model/panel/start", 1 << 62),
    ):
        changed = contents.tensors[name].clone()
        changed[0] = value
        path = tmp_path / "m.safetensors"
        write_model(path, Contents(contents.kind, contents.config, contents.tensors | {name: changed}))
        with pytest.raises(ModelFileError, match="not a valid forecaster"):
            rc.load(path)


def test_another_kind_is_not_known(contents: Contents, tmp_path: Path) -> None:
    write_model(tmp_path / "m.safetensors", Contents("classifier", contents.config, contents.tensors))
    with pytest.raises(ModelFileError, match=r"holds a 'classifier', which this version of Recurra does not know"):
        rc.load(tmp_path / "m.safetensors")


def test_ignored_columns_of_a_wide_table_are_remembered(tmp_path: Path) -> None:
    wide = shops().pivot(index="day", columns="shop", values="units").reset_index()
    wide["checksum"] = range(len(wide))
    schema = infer_schema(wide, layout="wide-columns", ignore=["checksum"])
    quick(epochs=0.1).fit(build_panel(wide, schema)[0]).save(tmp_path / "m.safetensors")
    again = rc.load(tmp_path / "m.safetensors")
    assert set(again.predict(wide)["unique_id"]) == {"Bonn", "Palermo"}
    pd.testing.assert_frame_equal(again.predict(wide), again.predict(wide.drop(columns="checksum")))
