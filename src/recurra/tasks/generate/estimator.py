"""The generator of sequences: learns a text, says how likely another is, and writes on for ever."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from torch import nn

from recurra.cells import names as cell_names
from recurra.data.schema.facts import Fact
from recurra.data.schema.names import counted
from recurra.data.text.alphabet import REPLACED, Alphabet, refuse_poor
from recurra.decoding.sampling import Sampling
from recurra.deploy.exported import Exported
from recurra.deploy.model_file import Contents
from recurra.errors import InputError
from recurra.evaluation.shared.evaluation import Evaluation
from recurra.language import _, listing
from recurra.nn.cell_layer import TRANSFORMER
from recurra.nn.generator import GeneratorOptions
from recurra.options import option
from recurra.report import ReportContent
from recurra.tasks.digests import text_digest
from recurra.tasks.estimator import Done, Evaluated, Insight, Later, Prepared, Preview, Scores, nobody
from recurra.tasks.fitted import INTERRUPTED, FittedEstimator
from recurra.tasks.generate.exported import exported
from recurra.tasks.generate.facts import model_facts, text_facts
from recurra.tasks.generate.insight import insight_of
from recurra.tasks.generate.kinds import KINDS, Kind
from recurra.tasks.generate.model import Recipe, TextModel, fit_text, level_of
from recurra.tasks.generate.model_file import from_contents, to_contents
from recurra.tasks.generate.precision import PRECISIONS, Precision
from recurra.tasks.generate.printed import SamplePreview
from recurra.tasks.generate.report import report_content
from recurra.tasks.generate.study import LEAST, TextParts, evaluate_text, split_text
from recurra.tasks.opened import Opened
from recurra.tasks.parameters import check_options, chosen_options
from recurra.tasks.printed import scores_of
from recurra.training import Run, TrainingOptions

Ints = npt.NDArray[np.int64]

LENGTH, SAMPLES = 1000, 3
_LEARNT, _FEWEST, _MOST = 8_000_000, 4.0, 16.0  # characters in all passes together, and passes


@dataclass(frozen=True, eq=False)
class TextTest:
    """A text that a model was tested on, as it is and as symbols, and the evaluation; `learnt` are the symbols learnt
    from, where they are known."""

    model: TextModel
    text: str
    symbols: Ints
    evaluation: Evaluation
    learnt: Ints | None = None


class SequenceGenerator(FittedEstimator):
    """The distribution of a text, learnt symbol by symbol: how likely any text is, and new ones without end.

    One recurrent network reads the text in parallel lanes and carries its state from window to window, so that its
    memory is not cut where the gradient is. N-grams of the same text are mixed in where a part of it that neither has
    seen shows that they help; they are evaluated with it, and the network alone writes.

    kind      "text", or "notes" that sound together: pieces, each a list of frames, each a list of MIDI numbers
    level     what a symbol of a text is: "characters", "subwords" (byte-pair merges), or "auto"
    cell      "lstm", "gru", "rnn", "mingru", "slstm", or one of your own (`recurra.cells.register`); or "transformer",
              which sees the last 128 symbols, to compare with
    window    steps of a window, over which the gradient goes back
    network   widths and dropout: `recurra.nn.GeneratorOptions`, or some of them by name
    training  passes (`epochs`), lanes (`batch_size`), learning rate, likewise
    device    "auto" (a GPU where there is one), "cpu" or "cuda"
    verbose   True for a bar, False for none, None for one where a person watches

    >>> from recurra import SequenceGenerator
    >>> text = "the cat sat on the mat. the dog sat on the log. " * 60
    >>> model = SequenceGenerator(network={"hidden": 16, "layers": 1}, training={"epochs": 1}).fit(text)
    >>> len(model.sample("the ", length=20, seed=1)[0])
    20
    """

    KIND = "sequence generator"
    keeps_data = True
    generates = True
    asks = ("prompt", "samples", "length", "temperature", "top_k", "top_p", "weights", "seed")

    members = 1
    model_: TextModel
    holdout_: Any = None  # a TextTest
    understood_: list[Fact]

    def __init__(
        self,
        *,
        kind: Literal["text", "notes"] = "text",
        level: Literal["auto", "characters", "subwords"] = "auto",
        cell: str = "lstm",
        window: int = 64,
        network: GeneratorOptions | Mapping[str, Any] | None = None,
        training: TrainingOptions | Mapping[str, Any] | None = None,
        seed: int = 0,
        device: str = "auto",
        verbose: bool | None = None,
    ) -> None:
        self.kind = kind
        self.level = level
        self.cell = cell
        self.window = window
        self.network = network
        self.training = training
        self.seed = seed
        self.device = device
        self.verbose = verbose

    # In Python

    def fit(self, X: Any, y: Any = None, *, run: Run | None = None) -> Self:
        """Learn the text X. Raises `InputError` for one that cannot be learnt from."""
        self._check()
        text = self._kind.taken(X, "X")
        refuse_poor(text, max(LEAST, 4 * int(self.window)))
        self._learn(text, self._run(run, trainings=1))
        self.holdout_ = None
        return self

    def study(self, text: Any, *, test: Any = None, share: float = 0.1, run: Run | None = None) -> Evaluation:
        """Learn the first part of a text, and be evaluated against the baselines on the last `share`, or on `test`.

        The model that was evaluated is kept: what it has not learnt stays a fair test. Raises `InputError`.
        """
        self._check()
        judge = None if test is None else self._kind.taken(test, "test")
        parts = split_text(self._kind.taken(text, "text"), share, judge, int(self.window))
        self._learn(parts.learnt, self._run(run, trainings=1))
        evaluation, symbols = evaluate_text(self.model_, parts.judge)
        learnt = self.model_.alphabet.encode(parts.learnt)
        self.holdout_ = TextTest(self.model_, parts.judge, symbols, evaluation, learnt)
        return evaluation

    def evaluate(self, text: Any) -> Evaluation:
        """Evaluate the fitted model on a text that it has not learnt, beside the n-grams that were fitted with it."""
        text = self._kind.taken(text, "text")
        return self._evaluate_later(text)

    def _evaluate_later(self, text: str) -> Evaluation:
        evaluation, symbols = evaluate_text(self._fitted(), text)
        self.holdout_ = TextTest(self.model_, text, symbols, evaluation)
        return evaluation

    def surprise(self, text: Any) -> pd.DataFrame:
        """What each symbol of a text costs: `symbol`, `nats`, and `network`, what it costs the network alone."""
        model = self._fitted()
        symbols = model.alphabet.encode(self._kind.taken(text, "text"))
        found = model.surprise(symbols)
        names = (REPLACED, *model.alphabet.symbols)
        _mixture, alone = list(found)[:2]
        return pd.DataFrame(
            {"symbol": [names[k] for k in symbols.tolist()], "nats": found[_mixture], "network": found[alone]}
        )

    def score(self, X: Any, y: Any = None) -> float:
        """The mean log likelihood of a text's characters, or of frames: higher is better."""
        found = self.surprise(X)
        return -float(found["nats"].sum()) / max(1, self._kind.count(self._kind.taken(X, "X")))

    def sample(
        self,
        prompt: str = "",
        *,
        length: int = LENGTH,
        samples: int = 1,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        weights: str = "auto",
        seed: int = 0,
    ) -> list[str]:
        """Texts that go on from `prompt`, `length` symbols each, without the prompt; the same seed, the same texts.

        Of notes `length` counts frames, a prompt is written "60 64 67, 62 65 69", and a text has a line for each frame.

        `temperature` below 1 makes likely symbols likelier, `top_k` and `top_p` cut the unlikely ones off
        (`decoding.sampling`). `weights`: "float32", "bfloat16" or "int8" while it writes; "auto" the fastest
        whose measured cost is at most 0.001 nats per symbol.

        Raises `InputError`, also for unknown characters in a prompt.
        """
        sampling = Sampling(temperature, top_k, top_p)
        found = self._written(prompt, length, samples, sampling, seed=seed, weights=weights)
        return [self._kind.shown(text) for text in found]

    def stream(
        self,
        prompt: str = "",
        *,
        temperature: float = 1.0,
        top_k: int | None = None,
        top_p: float | None = None,
        weights: str = "auto",
        seed: int = 0,
    ) -> Iterator[str]:
        """A text without end, symbol after symbol, in constant memory; of notes the symbols of `data.text.notes`."""
        model, prompt = self._fitted(), self._kind.given(prompt)
        model.alphabet.refuse_unknown(prompt)
        names = (REPLACED, *model.alphabet.symbols)
        given, sampling = model.alphabet.encode(prompt), Sampling(temperature, top_k, top_p)
        for symbol in model.write(given, 2**62, 1, sampling, seed=seed, precision=_precision(weights)):
            yield names[int(symbol[0])]

    def facts(self) -> list[Fact]:
        """What was decided, and how to decide otherwise."""
        return model_facts(self._fitted())

    def content(self, **head: Any) -> ReportContent:
        """What the page and the picture show."""
        self._fitted()
        return report_content(self, **head)

    # Files

    def read_file(self, file: str, reading: Mapping[str, Any], columns: Mapping[str, Any] | None = None) -> Opened:
        """The text of a file."""
        found, facts = self._kind.read(file, reading)
        return Opened(pd.DataFrame({"text": [found.text]}), facts, found.name, Path(file).name, reading=reading)

    def prepare(
        self, opened: Opened, *, test: str | Path | None = None, share: float = 0.1, **columns: Any
    ) -> Prepared:
        """The part that is learnt and the one for the test: the last `share`, or the file `test`."""
        self._check()
        judge = None if test is None else str(self.read_file(str(test), opened.reading).frame["text"][0])
        parts = split_text(str(opened.frame["text"][0]), share, judge, int(self.window))
        facts = [*opened.facts, *text_facts(parts, self._kind)]
        way = {"test": None if test is None else str(test), "share": share}
        return Prepared(parts, facts, text_digest(parts.learnt, parts.judge), way)

    def learn(self, prepared: Prepared, *, run: Run | None = None) -> Evaluation:
        """Train and evaluate."""
        parts: TextParts = prepared.data
        self.understood_ = prepared.facts
        self._learn(parts.learnt, self._run(run, trainings=1))
        evaluation, symbols = evaluate_text(self.model_, parts.judge)
        self.holdout_ = TextTest(
            self.model_, parts.judge, symbols, evaluation, self.model_.alphabet.encode(parts.learnt)
        )
        return evaluation

    def remarks(self) -> list[str]:
        """That training was interrupted."""
        return [_(INTERRUPTED)] if self.model_.interrupted else []

    def scores(self) -> Scores:
        """On the part that it was tested on."""
        assert self.holdout_ is not None
        return scores_of(self.holdout_.evaluation, _("On the test part ({size})", size=self._size(self.holdout_.text)))

    def results(self, **shown: Any) -> pd.DataFrame:
        """Samples: `sample`, `prompt`, `text`."""
        return next(self.predictions(None, **shown))

    def file_content(self, *, arguments: Sequence[str] | None = None, **shown: Any) -> ReportContent:
        """The page on a study of a file."""
        return self.content(
            facts=[*self.understood_, *self.facts()],
            notes=self.remarks(),
            arguments=arguments,
            samples=self._made,
        )

    def later(self, opened: Opened) -> Later:
        """A later text."""
        text = str(opened.frame["text"][0])
        facts = [*opened.facts, Fact("text", self._size(text))]
        return Later(text, facts, opened.name, opened.source)

    def predictions(self, later: Later | None, *, done: Done = nobody, **shown: Any) -> Iterator[pd.DataFrame]:
        """Samples; a later text is a prompt."""
        given = {name: value for name, value in shown.items() if value is not None and name != "levels"}
        prompt = given.pop("prompt", "")
        if later is not None:
            if prompt:
                raise InputError(
                    _("{prompt} and a file are both given to go on from: give one of the two", prompt=option("prompt"))
                )
            prompt = str(later.data)
        seed = int(given.pop("seed", self.seed))
        sampling = Sampling(**{name: given.pop(name) for name in ("temperature", "top_k", "top_p") if name in given})
        given = {"length": LENGTH if self.kind == "text" else 48, "samples": SAMPLES, **given}
        texts = self._written(prompt, **given, sampling=sampling, seed=seed)
        before = self._kind.given(prompt)
        self._made = [before + text for text in texts]
        shown_texts = [self._kind.shown(text) for text in texts]
        asked = self._kind.shown(before[-200:])
        if asked and self.kind == "notes":
            asked += "\n"
        yield pd.DataFrame({"sample": range(1, len(texts) + 1), "prompt": asked, "text": shown_texts})

    def preview(self) -> Preview:
        """The first sample."""
        return SamplePreview()

    def evaluated(self, later: Later, **shown: Any) -> Evaluated:
        """What a later text costs, against the baselines."""
        evaluation: Any = self._evaluate_later(str(later.data))
        title = _("On {name} ({size})", name=later.source, size=self._size(later.data))

        def content(**head: Any) -> ReportContent:
            return self.content(**{"facts": [*later.facts, *self.facts()], **head})

        return Evaluated(later.facts, scores_of(evaluation, title), evaluation.surprise, content)

    def exported(self, *, network_alone: bool = False) -> Exported:
        """The network that writes, as graphs: symbols in, the logits of the next one out."""
        return exported(self._fitted())

    def insight(self, later: Later | None, *, step: int | None = None, done: Done = nobody) -> Insight:
        """How far back it remembers, by what a shorter memory costs on a later text."""
        return insight_of(
            self._fitted(), None if later is None else str(later.data), [] if later is None else later.facts
        )

    def save(self, path: str | Path) -> None:
        """Write the model file, one `.safetensors`; `recurra.load` reads it."""
        from recurra import __version__

        verdict = None if self.holdout_ is None else self.holdout_.evaluation.verdict.sentence
        self._write(path, to_contents(self.KIND, self._fitted(), verdict, made_by=__version__))

    @classmethod
    def opened(cls, contents: Contents, path: str, network: Callable[..., nn.Module] | None = None) -> Self:
        """The estimator that wrote the `contents` of the file at `path`."""
        model = from_contents(contents, path, network)
        recipe = model.recipe
        estimator = cls(
            kind=model.kind,  # pyright: ignore[reportArgumentType]  # checked
            level=model.alphabet.level,
            cell=recipe.cell,
            window=recipe.window,
            network=recipe.network,
            training=recipe.training,
            seed=recipe.seed,
        )
        estimator.model_ = model
        return estimator

    # Parts

    @property
    def _kind(self) -> Kind:
        return KINDS[self.kind]

    def _size(self, text: str) -> str:
        return counted(self._kind.count(text), self._kind.unit)

    def _learn(self, text: str, run: Run) -> None:
        alphabet = Alphabet.learn(self._kind.learnt(text), level_of(self.level, text))
        size = len(self._kind.learnt(text))
        recipe = Recipe(
            self.cell,
            chosen_options(self.network, _network_for(alphabet, size, self.cell)),
            chosen_options(self.training, _training_for(size, self.cell)),
            int(self.window),
            int(self.seed),
        )
        if recipe.training.epochs is None:
            recipe = replace(recipe, training=replace(recipe.training, epochs=_training_for(size, self.cell).epochs))
        self.model_ = fit_text(text, alphabet, recipe, self._kind, run=run, name="training")

    def _written(
        self,
        prompt: str,
        length: int,
        samples: int,
        sampling: Sampling,
        *,
        seed: int,
        weights: str = "auto",
    ) -> list[str]:
        """Texts of symbols."""
        model, bits = self._fitted(), _precision(weights)
        for name, value in (("length", length), ("samples", samples)):
            if not isinstance(value, int | np.integer) or value < 1:
                raise InputError(_("{name}: expected a whole number of at least 1", name=option(name, value)))
        before = self._kind.given(prompt)
        model.alphabet.refuse_unknown(before)
        symbols = self._kind.length(int(length))
        given = model.alphabet.encode(before)
        steps = list(model.write(given, symbols, int(samples), sampling, seed=seed, precision=bits))
        return [self._kind.cut(model.alphabet.text(row), int(length)) for row in np.array(steps).T]

    def _check(self) -> None:
        if self.kind not in KINDS:
            raise InputError(_("{kind}: expected {names}", kind=option("kind", self.kind), names=" or ".join(KINDS)))
        if self.kind == "notes" and self.level == "subwords":
            raise InputError(_("{level} is about texts: leave it out for notes", level=option("level", self.level)))
        if self.level not in ("auto", "characters", "subwords"):
            raise InputError(_("{level}: expected auto, characters or subwords", level=option("level", self.level)))
        if not isinstance(self.window, int | np.integer) or isinstance(self.window, bool) or self.window < 2:
            raise InputError(_("{window}: expected a whole number of at least 2", window=option("window", self.window)))
        if self.cell not in (known := [*cell_names(), TRANSFORMER]):
            raise InputError(_("{cell}: expected one of {names}", cell=option("cell", self.cell), names=listing(known)))
        check_options("network", self.network, GeneratorOptions)
        check_options("training", self.training, TrainingOptions)


def _precision(given: str) -> Precision | None:
    """None for "auto"."""
    if given == "auto":
        return None
    if given not in PRECISIONS:
        raise InputError(
            _(
                "{weights}: expected auto, {names}",
                weights=option("weights", given),
                names=_(" or ").join((listing(PRECISIONS[:-1]), PRECISIONS[-1])),
            )
        )
    return given  # pyright: ignore[reportReturnType]  # checked


def _network_for(alphabet: Alphabet, size: int, cell: str) -> GeneratorOptions:
    """By the amount of text; a Transformer has about as many parameters as an LSTM."""
    if cell == TRANSFORMER:
        letters = alphabet.level == "characters" and alphabet.size < 400
        width, layers = (128, 2) if size < 300_000 else (160, 4) if letters else (256, 3)
        tied = size >= 300_000 and not letters
        return GeneratorOptions(
            hidden=width, layers=layers, embedding=width if tied else 64, tied=tied, dropout=0.1, weight_drop=0.0
        )
    if size < 300_000:
        return GeneratorOptions(hidden=256, layers=1, embedding=64, dropout=0.3, weight_drop=0.2)
    if alphabet.level == "characters" and alphabet.size < 400:
        return GeneratorOptions(hidden=512, layers=1, embedding=64, dropout=0.25, weight_drop=0.2)
    return GeneratorOptions(hidden=512, layers=2, embedding=256, tied=True, dropout=0.3, weight_drop=0.2)


def _training_for(length: int, cell: str) -> TrainingOptions:
    """Passes by the length of the text."""
    passes = float(np.clip(_LEARNT / max(1, length), _FEWEST, _MOST))
    return TrainingOptions(epochs=round(passes, 1), batch_size=32, learning_rate=1e-3 if cell == TRANSFORMER else 3e-3)
