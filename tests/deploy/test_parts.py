"""Dataclasses come back as they were; what does not fit its annotation is refused, and nothing is guessed."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pytest
import torch
from pydantic import ValidationError

from recurra.deploy.parts import put_together, taken_apart
from recurra.errors import InputError, ModelFileError


@dataclass(frozen=True, eq=False)
class Leaf:
    size: int
    share: float = 0.5
    word: Literal["a", "b"] = "a"
    names: tuple[str, ...] = ()
    weights: npt.NDArray[np.floating] | None = None
    keys: npt.NDArray[np.uint64] | None = None


@dataclass(frozen=True)
class Other:
    size: int


@dataclass(frozen=True, eq=False)
class Tree:
    leaf: Leaf
    leaves: dict[str, Leaf]
    maybe: Leaf | None = None
    table: dict[str, tuple[str, ...]] | None = None
    row: tuple[Leaf | Other, ...] = ()
    perhaps: tuple[Leaf, ...] | None = None


TREE = Tree(
    Leaf(3, 0.25, "b", ("x", "北京"), np.arange(3.0), np.array([1, 2**64 - 1], np.uint64)),
    {"one": Leaf(1), "two": Leaf(2, weights=np.zeros((0, 2)))},
    None,
    {"town": ("a", "b")},
    (Leaf(4, weights=np.ones(1)), Other(5)),
)


def apart() -> tuple[dict[str, Any], dict[str, torch.Tensor]]:
    plain, tensors = taken_apart(TREE, "tree")
    return copy.deepcopy(plain), dict(tensors)


def test_round_trip():
    plain, tensors = apart()
    again = put_together(plain, tensors, "tree", [Tree])
    assert isinstance(again, Tree)
    assert (again.leaf.size, again.leaf.share, again.leaf.word, again.leaf.names) == (3, 0.25, "b", ("x", "北京"))
    np.testing.assert_array_equal(again.leaf.weights, TREE.leaf.weights)
    assert again.leaf.keys is not None
    assert TREE.leaf.keys is not None
    assert again.leaf.keys.dtype == np.uint64
    assert again.leaf.keys.tolist() == TREE.leaf.keys.tolist()
    assert list(again.leaves) == ["one", "two"]
    two = again.leaves["two"].weights
    assert two is not None
    assert two.shape == (0, 2)
    assert (again.maybe, again.table, again.perhaps) == (None, {"town": ("a", "b")}, None)
    first, second = again.row
    assert (type(first), first.size, type(second), second.size) == (Leaf, 4, Other, 5)
    assert taken_apart(again, "tree")[0] == plain


def drop(plain, tensors):
    del plain["leaf"]["size"]


def surplus(plain, tensors):
    plain["leaf"]["colour"] = "red"


def number_as_text(plain, tensors):
    plain["leaf"]["size"] = "3"


def truth_as_number(plain, tensors):
    plain["leaf"]["size"] = True


def fraction_as_whole(plain, tensors):
    plain["leaf"]["size"] = 3.0


def not_a_number(plain, tensors):
    plain["leaf"]["share"] = "NaN"


def another_word(plain, tensors):
    plain["leaf"]["word"] = "c"


def another_class(plain, tensors):
    plain["leaf"] = {"is a": "Other", "size": 3}


def unknown_class(plain, tensors):
    plain["leaf"]["is a"] = "Popen"


def no_class(plain, tensors):
    del plain["leaf"]["is a"]


def no_part(plain, tensors):
    plain["leaf"] = None


def a_number_for_a_part(plain, tensors):
    plain["leaves"]["one"] = 3


def a_list_for_parts(plain, tensors):
    plain["leaves"] = []


def whole_numbers_for_fractions(plain, tensors):
    tensors["tree/leaf/weights"] = torch.arange(3)


def an_array_for_a_number(plain, tensors):
    tensors["tree/leaf/size"] = torch.ones(1)


@pytest.mark.parametrize(
    "change",
    [
        *(drop, surplus, number_as_text, truth_as_number, fraction_as_whole, not_a_number, another_word),
        *(another_class, unknown_class, no_class, no_part, a_number_for_a_part, a_list_for_parts),
        *(whole_numbers_for_fractions, an_array_for_a_number),
    ],
)
def test_what_does_not_fit_is_refused(change):
    plain, tensors = apart()
    change(plain, tensors)
    with pytest.raises((ModelFileError, ValidationError)):
        put_together(plain, tensors, "tree", [Tree])


@pytest.mark.parametrize("wrong", [None, 3, "Tree", [], {}, {"is a": None}])
def test_what_is_no_part_is_refused(wrong):
    with pytest.raises(ModelFileError, match="tree is"):
        put_together(wrong, {}, "tree", [Tree, Other])


def test_only_named_classes_come_out():
    plain, tensors = apart()
    with pytest.raises(ModelFileError, match=r"tree is a 'Tree': expected one of Leaf, Other"):
        put_together(plain, tensors, "tree", [Other, Leaf])
    plain["leaf"] = {"is a": "Tree"}
    with pytest.raises(ModelFileError, match=r"tree/leaf is a 'Tree': expected one of Leaf"):
        put_together(plain, tensors, "tree", [Tree])


def test_a_file_that_is_older_than_a_field_has_its_default():
    plain, tensors = apart()
    for name in ("share", "word", "names"):
        del plain["leaf"][name]
    del plain["row"], tensors["tree/leaf/weights"]
    again = put_together(plain, tensors, "tree", [Tree])
    assert (again.leaf.share, again.leaf.word, again.leaf.names, again.leaf.weights) == (0.5, "a", (), None)
    assert again.row == ()


def test_a_file_that_lacks_what_has_no_default_or_holds_more_says_what_to_do():
    plain, tensors = taken_apart(Leaf(3), "leaf")
    with pytest.raises(ModelFileError, match=r"^leaf/size is missing: an earlier version .*; train the model again$"):
        put_together({key: value for key, value in plain.items() if key != "size"}, tensors, "leaf", [Leaf])
    with pytest.raises(ModelFileError, match=r"field 'colour', .*another version .* or train the model again"):
        put_together({**plain, "colour": 1}, tensors, "leaf", [Leaf])


def test_fields_that_others_keep_are_left_out_and_made():
    plain, tensors = taken_apart(TREE, "tree", without=("leaf", "row"))
    assert "leaf" not in plain
    given = {"leaf": lambda tree: Leaf(len(tree["leaves"])), "row": lambda tree: (tree["leaf"],)}
    again = put_together(plain, tensors, "tree", [Tree], given=given)
    assert (again.leaf.size, again.row) == (2, (again.leaf,))
    with pytest.raises(ModelFileError, match="tree has a field 'leaf', which no Tree has"):
        put_together(plain | {"leaf": {"is a": "Leaf", "size": 1}}, tensors, "tree", [Tree], given=given)


@dataclass(frozen=True)
class Share:
    value: float

    def check(self) -> None:
        if not 0 <= self.value <= 1:
            raise InputError(f"value is {self.value}: expected a share from 0 to 1")


def test_a_part_looks_at_itself():
    assert put_together({"is a": "Share", "value": 1.0}, {}, "share", [Share]) == Share(1.0)
    with pytest.raises(InputError, match=r"value is 2\.0"):
        put_together({"is a": "Share", "value": 2.0}, {}, "share", [Share])


def test_what_is_no_number_cannot_be_kept():
    with pytest.raises(ValueError, match="Out of range float"):
        taken_apart(Leaf(1, float("nan")), "leaf")
