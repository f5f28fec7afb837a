"""A trained generator as the contents of a model file, and back.

header  who made it, the verdict
model   every field of a `TextModel` but its network, whose weights are weights/0/...
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from torch import nn

from recurra.checking import require
from recurra.deploy.keeping import Keeper, Opener, refusing
from recurra.deploy.model_file import Contents
from recurra.ensemble.members import Member
from recurra.errors import ModelFileError
from recurra.language import _
from recurra.nn.generator import GeneratorNetwork
from recurra.tasks.generate.kinds import KINDS
from recurra.tasks.generate.model import TextModel

_WHAT = "generator"


def to_contents(kind: str, model: TextModel, verdict: str | None, *, made_by: str) -> Contents:
    """Everything that is needed to write and to evaluate again."""
    keeper = Keeper()
    keeper.ensemble([member.network for member in model.members], made_by=made_by, verdict=verdict)
    keeper.part("model", model, without=("members",))
    return keeper.contents(kind)


def from_contents(contents: Contents, path: str, network: Callable[..., nn.Module] | None = None) -> TextModel:
    """What `to_contents` kept; raises `ModelFileError` where configuration and tensors do not fit."""
    with refusing(path, _WHAT):
        opener = Opener(contents, path, network)

        def members(parts: Mapping[str, Any]) -> tuple[Member[GeneratorNetwork], ...]:
            recipe, alphabet = parts["recipe"], parts["alphabet"]
            require(opener.header.members == 1, "a generator is one network")
            opener.refuse_deep(recipe.network.layers)
            made = opener.network(0, lambda: GeneratorNetwork(alphabet.size, recipe.cell, recipe.network))
            return (Member(made),)

        model: TextModel = opener.part("model", TextModel, given={"members": members})
        if model.kind not in KINDS:
            raise ModelFileError(_("its kind is {kind!r}: expected {names}", kind=model.kind, names=" or ".join(KINDS)))
        for ngrams in (model.corrector, *model.baselines):
            if ngrams.size != model.alphabet.size:
                raise ModelFileError(
                    _(
                        "its n-grams are of {ngrams} symbols: expected {alphabet}",
                        ngrams=ngrams.size,
                        alphabet=model.alphabet.size,
                    )
                )
        opener.refuse_more(to_contents(contents.kind, model, opener.header.verdict, made_by=opener.header.made_by))
    return model
