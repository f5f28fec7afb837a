"""What the estimators of labelled sequences share: from X and y to a trained model, evaluated, explained, saved.

An estimator names its objectives, of which the first that takes the labels is learnt; what else its constructor takes
are their settings. The reader is that of its inputs, the network that of `nn.sequence`.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pandas as pd
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils import Tags as EstimatorTags
from sklearn.utils import TransformerTags
from sklearn.utils.validation import validate_data
from torch import nn

from recurra.data.encoders.reader import Encoded, Reader, step_counts
from recurra.data.examples.examples import Examples, as_examples, is_one_series, keep_rows
from recurra.data.examples.fingerprints import fingerprints
from recurra.data.examples.inputs import Kind
from recurra.data.examples.ragged import Ragged
from recurra.data.examples.splits import checked_column, split_rows
from recurra.data.files.arrow import in_pandas
from recurra.data.labels.label_values import called, code_of
from recurra.data.schema.facts import Fact
from recurra.deploy.model_file import Contents
from recurra.deploy.seen import Seen
from recurra.errors import InputError
from recurra.evaluation.shared.evaluation import Evaluation
from recurra.language import _, listing
from recurra.nn.own import Loss, OwnParts
from recurra.nn.sequence import SequenceOptions
from recurra.tasks.labelled.contract import LabelledEstimator
from recurra.tasks.labelled.data import LabelledData
from recurra.tasks.labelled.evaluating import evaluate_model
from recurra.tasks.labelled.explanation import explain, explained_outputs, explanation_frame
from recurra.tasks.labelled.facts import model_facts
from recurra.tasks.labelled.given import options_by_input, refuse_unequal, rows_of, steps_of, whole_truth
from recurra.tasks.labelled.holdout import HoldoutResult
from recurra.tasks.labelled.leaks import refuse_target
from recurra.tasks.labelled.model import Recipe, fit_model
from recurra.tasks.labelled.model_file import FittedState, Table, from_contents, to_contents
from recurra.tasks.labelled.plan import default_network, default_training, keeps_classes, make_plan, usual_steps
from recurra.tasks.labelled.refusals import refuse_unseen
from recurra.tasks.labelled.repeats import held_out_groups, with_seen
from recurra.tasks.labelled.settings import check_settings
from recurra.tasks.labelled.study import evaluate_later, with_baselines
from recurra.tasks.labelled.watching import promise_of
from recurra.tasks.parameters import chosen_options
from recurra.training import Run, TrainingOptions

Floats = npt.NDArray[np.floating]


class SequenceEstimator(TransformerMixin, LabelledEstimator, BaseEstimator):
    """Base of SequenceClassifier, SequenceTagger and SequenceRegressor."""

    n_features_in_: int  # of a table of numbers
    feature_names_in_: npt.NDArray
    verdict_: str | None
    seen_: npt.NDArray[np.int64] | None = None  # fingerprints of what the model was trained on

    single_ = False  # whether every row of a table is a sequence of one step

    def __init__(
        self,
        *,
        inputs: Mapping[str, Kind] | None = None,
        optional: Collection[str] = (),
        cell: str = "gru",
        members: int = 3,
        network: SequenceOptions | Mapping[str, Any] | Callable[..., nn.Module] | None = None,
        training: TrainingOptions | Mapping[str, Any] | None = None,
        empty: str = "refuse",
        loss: Loss | None = None,
        seed: int = 0,
        device: str = "auto",
        verbose: bool | None = None,
    ) -> None:
        self.inputs = inputs
        self.optional = optional
        self.cell = cell
        self.members = members
        self.network = network
        self.training = training
        self.empty = empty
        self.loss = loss
        self.seed = seed
        self.device = device
        self.verbose = verbose

    def fit(
        self, X: Any, y: Any, *, groups: Any = None, run: Run | None = None, allow_leak: Sequence[str] = ()
    ) -> Self:
        """Learn from examples X and their labels y; examples without a label are left out.

        `groups` [N] names what belongs together: of no group one part is learnt from and another held out. Raises
        `InputError` for data that cannot be used, and for an input that is the label under another name unless
        `allow_leak` names it.
        """
        check_settings(self)
        X, y = self._arranged(X, y)
        self._learn(
            self._examples(X), y, groups, run=self._run(run, trainings=1), name="training", allow_leak=allow_leak
        )
        self.verdict_ = self.promise_ = None
        if hasattr(self, "holdout_"):
            del self.holdout_  # of an earlier study
        return self

    def study(
        self,
        X: Any,
        y: Any,
        *,
        test: tuple[Any, Any] | None = None,
        share: float = 0.2,
        groups: Any = None,
        times: Any = None,
        run: Run | None = None,
        allow_leak: Sequence[str] = (),
    ) -> Evaluation:
        """Learn from a part of the examples, and be evaluated on the rest against the baselines.

        The rest is `share` of them: at random, with the shares of the classes kept; whole `groups` [N]; or the latest
        by `times` [N]. Then a model is trained on all examples, and kept. With `test`, further examples and their
        labels, these are the test part, and the evaluated model is kept, as where the last training is interrupted.
        Raises `InputError` as `fit` does.
        """
        check_settings(self)
        run = self._run(run, trainings=2 if test is None else 1)
        X, y = self._arranged(X, y)
        every = self._examples(X)
        refuse_unequal(y, len(every))
        groups = None if groups is None else checked_column(groups, len(every), "groups")
        times = None if times is None else checked_column(times, len(every), "times")
        rows = keep_rows(every, empty=self.empty, optional=self.optional)
        if len(rows) < len(every):
            every, y = every.take(rows), rows_of(y, rows)
            groups = None if groups is None else groups[rows]
            times = None if times is None else times[rows]
        kind = self.objective_of(y)
        known = kind.read(y, what=called(y, rows))
        truth = whole_truth(kind, known, y, every, rows)
        if test is None:
            strata = None if groups is not None or times is not None else kind.strata(truth)
            parts = split_rows(len(every), share=share, strata=strata, groups=groups, times=times, seed=int(self.seed))
            if kind.closed:
                refuse_unseen(truth, known.names, parts, called(y, rows))
            tested = rows[parts.test]
            learnt = None if groups is None else groups[parts.train]
            before = every.take(parts.train)
            data = self._learn(before, rows_of(y, parts.train), learnt, run=run, name="study", allow_leak=allow_leak)
            later, labels = every.take(parts.test), rows_of(y, parts.test)
            theirs = None if groups is None else groups[parts.test]
        else:
            later, labels = self._examples(test[0], kinds=every.kinds), self._arranged_labels(test[1])
            refuse_unequal(labels, len(later))
            theirs, tested = None, keep_rows(later, empty=self.empty, optional=self.optional)
            if len(tested) < len(later):
                later, labels = later.take(tested), rows_of(labels, tested)
            whole_truth(kind, known, labels, later, tested)
            before = every
            data = self._learn(every, y, groups, run=run, name="training", allow_leak=allow_leak)
        evaluation = self._evaluate(data, before, later, labels, theirs, tested, run, given=test is not None)
        if test is None:
            pairs = self.holdout_.pairs
            assert pairs is not None
            places = np.stack([tested[pairs[:, 0]], rows[parts.train][pairs[:, 1]]], axis=1)  # pyright: ignore[reportPossiblyUnboundVariable]
            self.holdout_ = replace(self.holdout_, pairs=places)
        else:
            self.holdout_ = replace(self.holdout_, pairs=None)
        if test is None and not self.model_.interrupted:
            before_refit, seen = self.holdout_, self.seen_
            data = self._learn(every, y, groups, run=run, name="training", allow_leak=allow_leak)
            if self.model_.interrupted:
                self.model_, self.seen_ = before_refit.model, seen
            else:
                self.model_ = with_baselines(self.model_, data, run)
            self.holdout_ = before_refit
        self.verdict_ = evaluation.verdict.sentence
        self.promise_ = promise_of(self.holdout_)
        return evaluation

    def evaluate(self, X: Any, y: Any, *, groups: Any = None) -> Evaluation:
        """Evaluate the fitted model on examples with known labels, against the baselines that were fitted with it.

        Raises `InputError` where there are none: they are fitted by `study`, and kept in the model file.
        """
        model = self._fitted()
        if not model.baselines:
            raise InputError(_("this model was fitted without baselines: study(X, y) fits them too, and evaluates it"))
        examples = self._examples(X, kinds=model.reader.kinds)
        self._refuse_empty(examples)
        refuse_unequal(y, len(examples))
        encoded = model.reader.encode(examples)
        truth = self._truth(self._arranged_labels(y), encoded)
        groups = None if groups is None else checked_column(groups, len(examples), "groups")
        outputs = model.outputs(encoded)
        evaluation = evaluate_model(model, encoded, truth, groups=groups, outputs=outputs)
        if self.seen_ is not None:
            seen = np.isin(fingerprints(examples), self.seen_)
            evaluation = with_seen(evaluation, seen, model, encoded, truth, outputs)
        self.holdout_ = HoldoutResult(model, examples, truth, outputs, evaluation, np.arange(len(examples)))
        return evaluation

    def predict(self, X: Any) -> Any:
        """The labels of the examples X, in the form and type in which they were learnt."""
        outputs, encoded = self._outputs(X)
        objective = self.model_.objective
        cut = objective.per_step and not self.single_
        return objective.decode(outputs, steps_of(encoded).offsets if cut else None)

    def transform(self, X: Any) -> Floats:
        """What the networks make of each example before their heads, as features [N, H] for another model.

        The pooled hidden states of all inputs, the members side by side; of a tagger the mean over the steps.
        """
        model = self._fitted()
        examples = self._examples(X, kinds=model.reader.kinds)
        self._refuse_empty(examples)
        return model.hidden(model.reader.encode(examples))

    def get_feature_names_out(self, input_features: Any = None) -> npt.NDArray[np.object_]:
        """The names of the features of `transform`: hidden0, hidden1, ...; with them `set_output` can make frames."""
        return np.array([f"hidden{k}" for k in range(self._fitted().hidden_size)], dtype=object)

    def explain(self, X: Any, *, target: Any = None, step: int | None = None, points: int = 32) -> pd.DataFrame:
        """What moved the predictions of the examples X: tokens, steps of a series, columns.

        Explained is how far the output of `target` (a label; what is predicted where None) exceeds the mean of the
        others, in logits, or the number itself in the units of the training targets' spread; of tags that of `step`,
        from 0, or their mean. Integrated gradients with `points` of the integral, against an example of unknown tokens
        and mean numbers, and what the linear model adds. Returns a row per example, input, step and feature: `example`,
        `input`, `step`, `token`, `attribution`, `target`.
        """
        model = self._fitted()
        examples = self._examples(X, kinds=model.reader.kinds)
        self._refuse_empty(examples)
        encoded = model.reader.encode(examples)
        names = list(self.labels_.names)
        if step is not None and (not model.objective.per_step or not 0 <= step < int(step_counts(encoded).min())):
            raise InputError(
                _("step is {step}: expected a step that every example has, of a model that tags steps", step=step)
            )
        if target is not None:
            targets = np.full(len(examples), code_of(target, names, "target"), dtype=np.int64)
        else:
            targets = explained_outputs(model, encoded, step)
        return explanation_frame(
            model, examples, explain(model, encoded, targets, step=step, points=points), list(map(str, names))
        )

    def facts(self) -> list[Fact]:
        """What the fitted estimator decided by itself, and how to decide otherwise."""
        return model_facts(self._fitted())

    def save(self, path: str | Path) -> None:
        """Write the model file, one `.safetensors`; `recurra.load` reads it."""
        from recurra import __version__

        names = getattr(self, "feature_names_in_", None)
        table = Table(
            self.single_, getattr(self, "n_features_in_", None), None if names is None else tuple(map(str, names))
        )
        seen = None if self.seen_ is None else Seen(self.seen_, len(self.seen_))
        kept = FittedState(self._fitted(), self.empty, table, self.roles_, self.verdict_, seen, self.promise_)
        self._write(path, to_contents(self.KIND, kept, made_by=__version__))

    @classmethod
    def opened(cls, contents: Contents, path: str, network: Callable[..., nn.Module] | None = None) -> Self:
        """The estimator that wrote the `contents` of the file at `path`; `network` made its networks."""
        return cls.restored(from_contents(contents, path, cls.OBJECTIVES, network), own=network)

    @classmethod
    def restored(cls, kept: FittedState, *, own: Callable[..., nn.Module] | None = None) -> Self:
        """The estimator of a model file; `own` made its networks."""
        recipe = kept.model.recipe
        networks = list(recipe.networks.values())
        estimator = cls().set_params(
            inputs=kept.model.reader.kinds,
            optional=recipe.optional,
            cell=recipe.cell,
            members=recipe.members,
            network=own if own is not None else networks[0] if len(set(networks)) == 1 else dict(recipe.networks),
            training=recipe.training,
            empty=kept.empty,
            seed=recipe.seed,
            **kept.model.objective.settings(),
        )
        estimator.model_, estimator.labels_, estimator.verdict_ = kept.model, kept.model.objective.labels, kept.verdict
        estimator.single_, estimator.roles_ = kept.table.single, kept.roles
        estimator.seen_ = None if kept.seen is None else kept.seen.prints
        estimator.promise_ = kept.promise
        if kept.table.features is not None:
            estimator.n_features_in_ = kept.table.features
        if kept.table.names is not None:
            estimator.feature_names_in_ = np.array(kept.table.names, dtype=object)
        estimator._fitted_attributes()
        return estimator

    def __sklearn_tags__(self) -> EstimatorTags:
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        tags.transformer_tags = TransformerTags(preserves_dtype=[])  # `transform` gives float64
        tags.input_tags.string = True
        tags.input_tags.three_d_array = True
        return tags

    def _learn(
        self, examples: Examples, y: Any, groups: Any, *, run: Run, name: str, allow_leak: Sequence[str] = ()
    ) -> LabelledData:
        """Train `model_` on examples and labels; what was learnt from."""
        refuse_unequal(y, len(examples))
        unknown = [name for name in self.optional if name not in examples.kinds]
        if unknown:
            known = listing(map(repr, examples.kinds))
            raise InputError(
                _(
                    "optional names {unknown!r}, which is no input: expected some of {known}",
                    unknown=unknown[0],
                    known=known,
                )
            )
        groups = None if groups is None else checked_column(groups, len(examples), "groups")
        numbers = keep_rows(examples, empty=self.empty, optional=self.optional)
        if len(numbers) < len(examples):
            examples, y = examples.take(numbers), rows_of(y, numbers)
            groups = None if groups is None else groups[numbers]
        reader = Reader.learn(examples)
        encoded = reader.encode(examples)
        kind = self.objective_of(y)
        per_step, what = kind.per_step, called(y, numbers)
        self.labels_ = kind.read(y, what=what)
        truth = kind.encode(self.labels_, y, steps_of(encoded).lengths if per_step else None, what=what)
        refuse_target(examples, truth, allow_leak)
        objective = kind.learn(self.labels_, truth, **self._settings())
        together = groups if groups is not None else held_out_groups(examples, encoded, reader)
        plan = make_plan(truth, together, int(self.seed))
        if groups is None and not keeps_classes(plan, truth):
            plan = make_plan(truth, None, int(self.seed))
        if per_step and set(reader.sequences) <= set(self.optional):
            raise InputError(
                _(
                    "optional names {sequence!r}, whose steps are tagged: expected another input",
                    sequence=reader.sequences[0],
                )
            )
        recipe = Recipe(
            cell=self.cell,
            members=int(self.members),
            networks=options_by_input(
                None if callable(self.network) else self.network,
                {
                    part: default_network(e, steps=usual_steps(encoded[part]), per_step=per_step, cell=self.cell)
                    for part, e in reader.encoders.items()
                },
            ),
            training=chosen_options(self.training, default_training(reader, len(plan.known), per_step=per_step)),
            optional=tuple(self.optional),
            seed=int(self.seed),
        )
        data = LabelledData(reader, encoded, truth, objective, plan.known, plan.held)
        own = OwnParts(self.network if callable(self.network) else None, self.loss)
        self.model_ = fit_model(data, recipe, plan, run=run, name=name, own=own)
        self.seen_ = np.unique(fingerprints(examples))
        self._fitted_attributes()
        return data

    def _evaluate(
        self,
        data: LabelledData,
        before: Examples,
        later: Examples,
        labels: Any,
        groups: npt.NDArray | None,
        rows: npt.NDArray[np.int64],
        run: Run,
        *,
        given: bool = False,
    ) -> Evaluation:
        """Fit the baselines to `data` and evaluate all on later examples, whose numbers are `rows`.

        `before` are the examples that were learnt from, among which there may be some without a step.
        """
        self.model_ = with_baselines(self.model_, data, run)
        kept = keep_rows(before, empty=self.empty, optional=self.optional)
        before = before if len(kept) == len(before) else before.take(kept)
        encoded = data.reader.encode(later)
        truth = self._truth(labels, encoded)
        self.holdout_ = evaluate_later(
            self.model_, data, before, later, encoded, truth, groups=groups, rows=rows, given=given
        )
        return self.holdout_.evaluation

    def _truth(self, y: Any, encoded: Encoded) -> npt.NDArray | Ragged:
        """Labels of a fitted estimator's as numbers."""
        objective = self.model_.objective
        steps = steps_of(encoded).lengths if objective.per_step else None
        return objective.encode(self.labels_, y, steps, what=called(y))

    def _settings(self) -> dict[str, Any]:
        """What the constructor takes beside what all estimators of labelled sequences do."""
        own = set(self._get_param_names()) - set(SequenceEstimator._get_param_names())
        return {name: getattr(self, name) for name in sorted(own)}

    def _fitted_attributes(self) -> None:
        """What scikit-learn expects beside `model_`."""
        if self.model_.objective.closed:
            self.classes_ = self.labels_.values

    def _arranged(self, X: Any, y: Any) -> tuple[Any, Any]:
        """X and y as the estimator reads them; tables and columns of other libraries as those of pandas."""
        return in_pandas(X), in_pandas(y)

    def _arranged_labels(self, y: Any) -> Any:
        """y of a fitted estimator as it reads it."""
        return in_pandas(y)

    def _read_table(self, X: npt.NDArray) -> npt.NDArray:
        """A table [N, F] as sequences: F steps of one feature."""
        return X

    def _understood(self, examples: Examples) -> Examples:
        """Examples whose kinds were guessed."""
        return examples

    def _outputs(self, X: Any) -> tuple[Floats, Encoded]:
        """The model's outputs [N, K] or, for every step, [N_total, K], and the examples as they were read."""
        model = self._fitted()
        examples = self._examples(X, kinds=model.reader.kinds)
        self._refuse_empty(examples)
        encoded = model.reader.encode(examples)
        return model.outputs(encoded), encoded

    def _refuse_empty(self, examples: Examples) -> None:
        if self.empty == "refuse":
            keep_rows(examples, optional=self.optional)

    def _examples(self, X: Any, *, kinds: Mapping[str, Kind] | None = None) -> Examples:
        """X as it is read in `fit`, or, by the `kinds` found there, later."""
        inputs, X = self.inputs if kinds is None else kinds, in_pandas(X)
        if is_one_series(X, inputs):
            table: Any = validate_data(self, X, reset=kinds is None, dtype=[np.float64, np.float32])
            X = self._read_table(table)
        examples = as_examples(X, inputs=inputs, optional=self.optional)
        return examples if inputs is not None else self._understood(examples)
