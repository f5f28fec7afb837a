"""The translator: texts of one kind into texts of another, by an encoder and a decoder with attention."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, ClassVar, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd

from recurra.checking import require
from recurra.data.examples.splits import split_rows
from recurra.data.pairs.columns import PairRoles, pair_roles, pairs_of
from recurra.data.pairs.pairs import Pairs, components, fingerprints, prints
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted, shown
from recurra.decoding.beam import MOST_PENALTY, MOST_SIZE
from recurra.errors import InputError
from recurra.evaluation.shared.evaluation import Evaluation
from recurra.evaluation.translation.memory import TranslationMemory
from recurra.evaluation.translation.scores import evaluate_translations
from recurra.evaluation.translation.word_model import WordModel
from recurra.language import _, listing
from recurra.nn.encoder_decoder import EncoderDecoder, EncoderDecoderOptions
from recurra.options import option
from recurra.tasks.estimator import Done, Insight, Later, nobody
from recurra.tasks.opened import Opened, is_lines, open_examples, open_lines
from recurra.tasks.parameters import chosen_options
from recurra.tasks.studied import Gathered, Parts, StudiedEstimator, Tested
from recurra.tasks.translate.exported import exported
from recurra.tasks.translate.facts import model_facts
from recurra.tasks.translate.model import Recipe, Search, TranslationModel, build_network, fit_model
from recurra.tasks.translate.plan import default_network, default_training, held_out
from recurra.tasks.translate.shown import (
    TranslationPreview,
    alignment_of,
    chosen_alignments,
    insight_of,
    mistakes_frame,
    result_frame,
)
from recurra.training import Run, TrainingOptions

Ints = npt.NDArray[np.int64]
_AT_ONCE = 2_000  # texts whose translations are in memory together
_FEWEST = 10  # pairs
_NAMED = 10  # characters that a note names


class Translator(StudiedEstimator):
    """Texts into texts: another language, another spelling, a normal form.

    cell        a registered cell, or "transformer"
    members     networks whose probabilities are averaged
    network     `nn.encoder_decoder.EncoderDecoderOptions`, or some of them by name
    training    `TrainingOptions`, likewise
    vocabulary  sub-words at most; by the amount of text where None
    shared      whether one vocabulary serves both sides; "auto": where both are written with the same letters
    beam        beginnings that the search keeps; `penalty` of lengths (0 prefers short translations)
    empty       "refuse" pairs with an empty side, or "drop" them

    The file's split keeps together what shares a side, by whatever chain. After `study`: `model_`, `holdout_` (what
    evaluated), `verdict_`.

    >>> from recurra.data.demo.phrases import make_phrases
    >>> pairs = make_phrases(40)
    >>> model = Translator(training={"epochs": 1}).fit(pairs["lumi"], pairs["english"])
    >>> len(model.predict(["Siro portane monon vetas."]))
    1
    """

    KIND = "translator"
    EXPORT = staticmethod(exported)
    MODEL = TranslationModel
    ROLES = (PairRoles,)
    PANELS: ClassVar = ("cards", "methods", "alignment", "worst", "training", "memory")
    PACKAGES = ("torch", "numpy", "pandas", "tokenizers", "sacrebleu", "scikit-learn")
    UNKEPT = ("members", "memory")
    UNIT = "pair"

    signature_: str  # of the last evaluation's BLEU, in sacreBLEU's words

    def __init__(
        self,
        *,
        cell: str = "gru",
        members: int = 1,
        network: EncoderDecoderOptions | Mapping[str, Any] | None = None,
        training: TrainingOptions | Mapping[str, Any] | None = None,
        vocabulary: int | None = None,
        shared: bool | Literal["auto"] = "auto",
        beam: int = 5,
        penalty: float = 1.0,
        empty: str = "refuse",
        seed: int = 0,
        device: str = "auto",
        verbose: bool | None = None,
    ) -> None:
        self.cell = cell
        self.members = members
        self.network = network
        self.training = training
        self.vocabulary = vocabulary
        self.shared = shared
        self.beam = beam
        self.penalty = penalty
        self.empty = empty
        self.seed = seed
        self.device = device
        self.verbose = verbose

    # From lists of texts

    def fit(self, X: Any, y: Any, *, run: Run | None = None) -> Self:
        """Learn from the texts X and their translations y. Raises InputError for what cannot be used."""
        pairs = as_pairs(X, y, empty=self.empty)
        return self._fit_ends(self._trained(pairs, run=self._run(run, trainings=1), name="training"), pairs)

    def study(
        self, X: Any, y: Any, *, test: tuple[Any, Any] | None = None, share: float = 0.1, run: Run | None = None
    ) -> Evaluation:
        """Learn from a part of the pairs, and be evaluated on the rest against the baselines; or on `test`, (X, y)."""
        pairs = as_pairs(X, y, empty=self.empty)
        if test is not None:
            tested = as_pairs(*test, empty=self.empty)
            return self._study(pairs, tested, np.arange(len(tested)), None, run)
        parts = self._split(pairs, share)
        return self._study(pairs.take(parts.train), pairs.take(parts.test), parts.test, None, run)

    def predict(self, X: Any) -> list[str]:
        """The translations of texts."""
        return self._fitted().translate(_texts(X, "X"))

    def evaluate(self, X: Any, y: Any) -> Evaluation:
        """Evaluate the fitted model against the baselines that were learnt with it. Raises InputError without them."""
        pairs = as_pairs(X, y, empty=self.empty)
        self._refuse_unevaluated(pairs, "X")
        self.holdout_ = self._evaluated(self._fitted(), pairs, np.arange(len(pairs)))
        return self.holdout_.evaluation

    def explain(self, X: Any) -> pd.DataFrame:
        """What each token of a translation looked at: example, step, token, source_step, source, share."""
        return alignment_of(self._fitted(), _texts(X, "X"))

    # Of a study

    def read_file(self, file: str, reading: Mapping[str, Any], columns: Mapping[str, Any] | None = None) -> Opened:
        """A table; of a fitted model's later files also a text, a line each, and - for standard input."""
        if columns is None and is_lines(file):
            return open_lines(file)
        return super().read_file(file, reading, columns)

    def _texts(self, columns: Mapping[str, Any] | None) -> set[str]:
        if columns is None:
            return set() if self.roles_ is None else {self.roles_.source, self.roles_.target}
        given = (columns.get("source"), columns.get("translation"))
        return {str(each) for name in given if name is not None for each in ([name] if isinstance(name, str) else name)}

    def _gathered(  # pyright: ignore[reportIncompatibleMethodOverride]  # its columns by name
        self,
        opened: Opened,
        roles: Any,
        *,
        source: str | None = None,
        translation: str | None = None,
        split: str | None = None,
        test: str | None = None,
        swapped: str = "keep",
    ) -> Gathered:
        frame, name = opened.frame, opened.source
        if roles is not None or self._is_fitted:
            if roles is None and len(frame.columns) == 1:  # of a model that was fitted to lists
                roles = PairRoles(str(frame.columns[0]), "translation")
            roles = roles or pair_roles(frame, None, None, None, name=name)[0]
            if len(frame.columns) == 1 and roles.source not in frame:
                frame = frame.set_axis([roles.source], axis=1)
            pairs, rows, facts = pairs_of(frame, roles, empty=self.empty, name=name, targets=False)
            return Gathered(pairs, rows, roles, [*facts, *self._unknown_facts(pairs.sources)])
        roles, facts = pair_roles(frame, _one(source), _one(translation), _one(split), name=name)
        read = partial(pairs_of, empty=self.empty, swapped=swapped)
        pairs, rows, found = read(frame, roles, name=name)
        self._refuse_few(pairs, name)
        facts = [*facts, *found]
        if test is not None:
            later = open_examples(str(test), opened.reading, text={roles.source, roles.target})
            tested, numbers, doubted = read(later.frame, roles, name=later.source)
            facts += [Fact("test", _("{pairs} of {name}", pairs=counted(len(tested), "pair"), name=later.source))]
            facts += [*doubted, *_shared_facts(pairs, tested)]
            return Gathered(pairs, rows, roles, facts, Gathered(tested, numbers))
        if roles.split is not None:
            chosen = _test_rows(frame[roles.split].iloc[rows], roles.split)
            learnt, tested = pairs.take(np.flatnonzero(~chosen)), pairs.take(np.flatnonzero(chosen))
            facts += _shared_facts(learnt, tested)
            return Gathered(learnt, rows[~chosen], roles, facts, Gathered(tested, rows[chosen]))
        return Gathered(pairs, rows, roles, facts)

    def _unknown_facts(self, texts: Sequence[str]) -> list[Fact]:
        """Which characters the model has never seen, and in how many texts."""
        letters = self._fitted().reading.unknown(texts)
        if not letters:
            return []
        wrong = set(letters)
        told = _(
            "{texts} with characters that never occur in training: {letters}; their translations are guesses there",
            texts=counted(sum(not wrong.isdisjoint(text) for text in texts), "text"),
            letters=shown([f"{letter!r}" for letter in letters], _NAMED),
        )
        return [Fact("note", told)]

    @property
    def _is_fitted(self) -> bool:
        return hasattr(self, "model_")

    def _refuse_few(self, pairs: Pairs, name: str) -> None:
        if len(pairs) < _FEWEST:
            raise InputError(
                _(
                    "{name} holds {pairs}: expected at least {least}",
                    name=name,
                    pairs=counted(len(pairs), "pair"),
                    least=_FEWEST,
                )
            )

    def _split(self, data: Pairs, share: float) -> Parts:
        groups = components(data)
        count = len(np.unique(groups))
        if count < 2:
            raise InputError(
                _(
                    "all pairs are linked by equal sides: pass the pairs to evaluate on with {test}",
                    test=option("test"),
                )
            )
        parts = split_rows(len(data), share=share, groups=groups, seed=int(self.seed))
        told = _(
            "{train} for training, {test} for evaluation; pairs with an equal side stay together ({groups})",
            train=counted(len(parts.train), "pair"),
            test=counted(len(parts.test), "pair"),
            groups=counted(count, "group"),
        )
        return Parts(parts.train, parts.test, [Fact("split", told, option("share"))])

    def _trained(self, data: Pairs, *, run: Run, name: str) -> TranslationModel:
        check_arguments(self)
        shared = _same_letters(data) if self.shared == "auto" else bool(self.shared)
        recipe = Recipe(
            cell=self.cell,
            members=int(self.members),
            network=chosen_options(self.network, default_network(len(data), self.cell)),
            training=chosen_options(self.training, default_training(len(data), self.cell)),
            shared=shared,
            vocabulary=self.vocabulary,
            seed=int(self.seed),
        )
        search = Search(int(self.beam), float(self.penalty))
        return fit_model(data, recipe, search, held_out(data, int(self.seed)), run=run, name=name)

    def _with_baselines(self, model: TranslationModel, data: Pairs) -> TranslationModel:
        from dataclasses import replace

        assert data.targets is not None
        words = WordModel.learn(data.sources, data.targets)
        return replace(model, words=words, memory=TranslationMemory(data.sources, data.targets))

    def _evaluated(self, model: TranslationModel, data: Pairs, rows: Ints, *, done: Done = nobody) -> Tested:
        assert data.targets is not None
        said = model.translate(data.sources, done)
        others = {name: translate(data.sources) for name, translate in model.baselines.items()}
        evaluation, self.signature_ = evaluate_translations(data.targets, said, others, seed=int(self.seed))
        notes = [_("BLEU by sacreBLEU, {signature}.", signature=self.signature_)]
        if self.seen_ is not None and (again := int(np.isin(prints(data.sources), self.seen_).sum())):
            notes.append(
                _("{pairs} of the test part have a source that was learnt from, too.", pairs=counted(again, "pair"))
            )
        return Tested(model, data, said, _with_notes(evaluation, notes), rows)

    def _refuse_unevaluated(self, data: Pairs, source: str) -> None:
        super()._refuse_unevaluated(data, source)
        if data.targets is None:
            column = "" if self.roles_ is None else self.roles_.target
            raise InputError(
                _(
                    "{source} has no translation in column {column!r} for every text: there is nothing to compare with",
                    source=source,
                    column=column,
                )
            )

    def _seen(self, data: Pairs) -> Ints:
        return fingerprints(data)

    def _frame(self, tested: Tested) -> pd.DataFrame:
        return result_frame(tested)

    def _predicted(self, data: Pairs, rows: Ints, done: Done, **shown: Any) -> Iterator[pd.DataFrame]:
        model = self._fitted()
        for first in range(0, len(data), _AT_ONCE):
            texts = data.sources[first : first + _AT_ONCE]
            said = model.translate(texts)
            yield pd.DataFrame({"row": rows[first : first + len(texts)] + 1, "source": texts, "translation": said})
            done(first + len(texts))

    def preview(self) -> TranslationPreview:
        """The first translations."""
        return TranslationPreview()

    def insight(self, later: Later | None, *, step: int | None = None, done: Done = nobody) -> Insight:
        """What some translations looked at."""
        found = self._later(later)
        assert later is not None
        return insight_of(self._fitted(), found.data, found.rows, later.facts, done)

    def facts(self) -> list[Fact]:
        """What it decided by itself."""
        return model_facts(self._fitted())

    def _title(self) -> str:
        if self.roles_ is None:
            return _("Translation")
        return _("Translation: {source} to {target}", source=self.roles_.source, target=self.roles_.target)

    def _panel_data(self, tested: Tested) -> dict[str, Any]:
        from recurra.report import Deferred

        return {
            "alignments": Deferred(lambda: chosen_alignments(tested)),
            "worst": Deferred(lambda: mistakes_frame(tested)),
        }

    @classmethod
    def _network(cls, parts: Mapping[str, Any]) -> EncoderDecoder:
        return build_network(parts["recipe"], parts["source"], parts["target"])

    def _settings_of(self, model: TranslationModel) -> dict[str, Any]:
        return super()._settings_of(model) | {"beam": model.search.beam, "penalty": model.search.penalty}

    def _check_opened(self, model: TranslationModel) -> None:
        check_arguments(self)
        require(len(model.members) >= 1, "it has no network")
        require((model.source is None) == model.recipe.shared, "its vocabularies are not those of its recipe")


def check_arguments(estimator: Translator) -> None:
    """Raise InputError for an argument that cannot be."""
    for name in ("members", "beam"):
        value = getattr(estimator, name)
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < 1:
            raise InputError(_("{name} is {value!r}: expected a whole number of at least 1", name=name, value=value))
    if estimator.beam > MOST_SIZE:
        raise InputError(
            _("beam is {value}: expected at most {most:,} hypotheses", value=estimator.beam, most=MOST_SIZE)
        )
    penalty = estimator.penalty
    if isinstance(penalty, bool) or not isinstance(penalty, int | float) or not 0 <= penalty <= MOST_PENALTY:
        raise InputError(
            _("penalty is {penalty}: expected a number from 0 to {most}", penalty=penalty, most=MOST_PENALTY)
        )
    if estimator.empty not in ("refuse", "drop"):
        raise InputError(_("empty is {value!r}: expected refuse or drop", value=estimator.empty))
    if estimator.shared not in (True, False, "auto"):
        raise InputError(_("shared is {value!r}: expected True, False or auto", value=estimator.shared))
    if estimator.vocabulary is not None and estimator.vocabulary < 10:
        raise InputError(_("vocabulary is {value!r}: expected a number of at least 10", value=estimator.vocabulary))


def as_pairs(X: Any, y: Any, *, empty: str = "refuse") -> Pairs:
    """Lists or columns of texts as pairs. Raises InputError for unequal counts, empty sides and what is no text."""
    sources, targets = _texts(X, "X"), _texts(y, "y")
    if len(sources) != len(targets):
        raise InputError(
            _(
                "X has {sources} and y {targets}: expected a translation for each text",
                sources=counted(len(sources), "text"),
                targets=counted(len(targets), "text"),
            )
        )
    frame = pd.DataFrame({"X": sources, "y": targets}, dtype=object)
    pairs, _rows, _facts = pairs_of(frame, PairRoles("X", "y"), empty=empty, name="(X, y)")
    return pairs


def _texts(given: Any, name: str) -> list[str]:
    if isinstance(given, str) or not hasattr(given, "__iter__"):
        raise InputError(_("{name} is {kind}: expected a list of texts", name=name, kind=type(given).__name__))
    texts = list(given)
    wrong = next((k for k, text in enumerate(texts) if text is not None and not isinstance(text, str)), None)
    if wrong is not None:
        raise InputError(_("{name}[{place}] is {value!r}: expected a text", name=name, place=wrong, value=texts[wrong]))
    return ["" if text is None else text for text in texts]


def _one(given: Any) -> str | None:
    """The one column that was named."""
    if given is None or isinstance(given, str):
        return given
    names = list(given)
    if len(names) != 1:
        raise InputError(_("expected one column, and {names} were named", names=listing(names)))
    return str(names[0])


def _test_rows(column: pd.Series, name: str) -> npt.NDArray[np.bool_]:
    words = column.astype(str).str.casefold()
    test = words.str.startswith(("test", "held", "valid", "dev")).to_numpy()
    if test.all() or not test.any():
        raise InputError(
            _(
                "column {name!r} should say train or test: it holds {values}",
                name=name,
                values=listing(words.unique()[:4]),
            )
        )
    return test


def _shared_facts(learnt: Pairs, tested: Pairs) -> list[Fact]:
    """How many pairs of the test part have a side that is learnt from."""
    again = np.isin(prints(tested.sources), fingerprints(learnt))
    if learnt.targets is not None and tested.targets is not None:
        again |= np.isin(prints(tested.targets), np.unique(prints(learnt.targets)))
    if not again.any():
        return []
    return [
        Fact(
            "leakage",
            _("{pairs} of the test part have a side that occurs in training", pairs=counted(int(again.sum()), "pair")),
        )
    ]


def _same_letters(pairs: Pairs) -> bool:
    """Whether most letters of the targets are letters of the sources too: then one vocabulary serves both."""
    assert pairs.targets is not None
    some = slice(None, None, max(1, len(pairs) // 2_000))
    own = {letter for text in pairs.sources[some] for letter in text.lower() if letter.isalpha()}
    letters = [letter for text in pairs.targets[some] for letter in text.lower() if letter.isalpha()]
    return sum(letter in own for letter in letters) > 0.8 * max(1, len(letters))


def _with_notes(evaluation: Evaluation, notes: Sequence[str]) -> Evaluation:
    from dataclasses import replace

    return replace(evaluation, notes=(*evaluation.notes, *notes))
