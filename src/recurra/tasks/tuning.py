"""A search of settings over what is held out of the learnt part of the data: never over its test part.

Trials are chosen by Optuna's tree-structured Parzen estimator (Bergstra et al. 2011), the first of them the settings as
they are, and those that are clearly worse than the others were at the same step end early. What the best settings gain
is measured by other seeds than those that chose them; where hardly any of it is left, the settings stay as they are.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
import pandas as pd

from recurra.errors import InputError
from recurra.extras import require_package
from recurra.formatting import percent, significant
from recurra.language import _, counted
from recurra.options import option
from recurra.training import Callback, Run
from recurra.training.progress import expect, following, quiet

TRIALS = 30
LEAST_GAIN = 0.005  # of the loss, with other seeds: below it, settings stay as they are
_OTHER_SEEDS = 2
_RANDOM = 8  # trials before the estimator knows anything
_BEFORE_PRUNING = 5  # trials that are never ended early
_WARM = 5  # validations of a training before it may be ended
_BIG = 1_000_003


@dataclass(frozen=True)
class OneOf:
    """One of some values: text, numbers, True or False."""

    values: tuple[Any, ...]

    def suggest(self, trial: Any, name: str) -> Any:
        """What a trial takes."""
        return trial.suggest_categorical(name, list(self.values))

    def holds(self, value: Any) -> bool:
        """Whether a value is one of them."""
        return value in self.values


@dataclass(frozen=True)
class Between:
    """A number from `low` to `high`, both included; `log`: sizes count by their ratio."""

    low: float
    high: float
    log: bool = False

    def suggest(self, trial: Any, name: str) -> Any:
        """What a trial takes: a whole number where both ends are."""
        whole = isinstance(self.low, int) and isinstance(self.high, int)
        return (trial.suggest_int if whole else trial.suggest_float)(name, self.low, self.high, log=self.log)

    def holds(self, value: Any) -> bool:
        """Whether a value lies there."""
        return isinstance(value, int | float) and self.low <= value <= self.high


Choices = Mapping[str, OneOf | Between]


class Tunable(Protocol):
    """An estimator whose settings can be searched; names of settings are scikit-learn's: `network__hidden`."""

    def get_params(self, deep: bool = True) -> dict[str, Any]: ...
    def set_params(self, **params: Any) -> Self: ...

    def choices(self, part: Any) -> Choices:
        """What is searched, for this part of the data."""
        ...

    def settings(self, names: Any) -> dict[str, Any]:
        """The settings of these names as they are, defaults where none were given."""
        ...

    def held_out_loss(self, part: Any, run: Run) -> float:
        """The loss on what is held out of a training on `part`; NaN where the user stopped it."""
        ...


@dataclass(frozen=True, eq=False)
class Tuned:
    """What a search found: `settings` by name, those that differ from the estimator's and are worth it; `sentence`.

    `trials` has a row per trial: number, state ("complete", "pruned"), loss, seconds, and every setting. `loss` and
    `before` are those on the held-out part of the best settings and of the settings as they were; `gain` is by which
    share the loss is lower with other seeds, None where the best are as they were. `interrupted`: the user stopped it.
    """

    settings: dict[str, Any]
    sentence: str
    trials: pd.DataFrame
    loss: float
    before: float
    gain: float | None
    interrupted: bool = False

    def arguments(self) -> dict[str, Any]:
        """The settings as arguments of the estimator: {"cell": "gru", "network": {"hidden": 64}}."""
        found: dict[str, Any] = {}
        for name, value in self.settings.items():
            group, _unused, inner = name.partition("__")
            if inner:
                found.setdefault(group, {})[inner] = value
            else:
                found[group] = value
        return found


@dataclass(frozen=True)
class Search:
    """How long is searched, and where the trials are kept: a file (Optuna's journal), of which `resume` goes on."""

    trials: int = TRIALS
    minutes: float | None = None
    journal: Path | None = None
    resume: bool = False
    digest: str = ""  # of the data: a journal of other data is refused
    run: Run = field(default_factory=Run)

    def __post_init__(self) -> None:
        if not isinstance(self.trials, int | np.integer) or isinstance(self.trials, bool) or self.trials < 1:
            raise InputError(_("trials is {trials!r}: expected a whole number of at least 1", trials=self.trials))
        if self.minutes is not None and not self.minutes > 0:
            raise InputError(_("minutes is {minutes!r}: expected a number above 0, or None", minutes=self.minutes))


def search_settings(estimator: Tunable, part: Any, search: Search, choices: Choices | None = None) -> Tuned:
    """Search the settings of `estimator` by trainings on `part`, which is the learnt part of the data.

    `choices` are what is searched; the estimator's own unless given. A setting that lies outside of them stays as it
    is. The estimator itself is left alone. Raises InputError for a journal of other data or choices, and
    MissingPackageError where Optuna is not installed.
    """
    require_package("optuna")
    choices = dict(estimator.choices(part) if choices is None else choices)
    now = estimator.settings(choices)
    choices = {name: choice for name, choice in choices.items() if choice.holds(now[name])}
    now = {name: now[name] for name in choices}
    if not choices:
        raise InputError(_("there is nothing to search: no setting is within what is searched"))
    seed = int(estimator.get_params()["seed"])
    with _study(search, choices, now, seed) as study:
        interrupted = _search(estimator, part, search, choices, now, seed, study)
        trials = _frame(study, choices)
    done = trials[trials["state"] == "complete"]
    if done.empty:  # stopped in the first one
        raise KeyboardInterrupt
    best = done.iloc[int(done["loss"].to_numpy().argmin())]
    found = {name: best[name].item() if isinstance(best[name], np.generic) else best[name] for name in choices}
    loss, before = float(best["loss"]), float(trials["loss"].iloc[0])
    changed = {name: value for name, value in found.items() if value != now[name]}
    gain = None if not changed or interrupted else _gain(estimator, part, changed, seed, search.run)
    kept = changed if gain is None or gain > LEAST_GAIN else {}
    return Tuned(kept, _sentence(trials, loss, before, gain, changed), trials, loss, before, gain, interrupted)


def _search(
    estimator: Tunable, part: Any, search: Search, choices: Choices, now: Mapping[str, Any], seed: int, study: Any
) -> bool:
    """Run the trials that are missing; whether the user stopped them."""
    import optuna

    begun = time.monotonic()
    state = optuna.trial.TrialState
    for left in study.get_trials(deepcopy=False, states=(state.RUNNING, state.WAITING)):
        study.tell(left.number, state=state.FAIL)  # of a run that was killed: it is asked for again
    finished = _finished(study)
    with following(search.run.progress, _("tuning"), search.trials) as progress:
        progress.update(min(len(finished), search.trials), "")
        while (number := len(_finished(study))) < search.trials:
            if search.minutes is not None and time.monotonic() - begun > 60 * search.minutes and number:
                break
            # a sampler for each trial: a search that goes on chooses as one that was never stopped
            study.sampler = optuna.samplers.TPESampler(n_startup_trials=_RANDOM, seed=(seed * _BIG + number) % 2**32)
            if not number:
                study.enqueue_trial(dict(now))
            trial = study.ask()
            given = {name: choice.suggest(trial, name) for name, choice in choices.items()}
            watch = _Pruning(trial, study)
            started = time.monotonic()
            run = replace(search.run, progress=quiet(), callbacks=(*search.run.callbacks, watch))
            loss = _loss(estimator, part, given, seed, run)
            if not np.isfinite(loss):
                study.tell(trial, state=state.FAIL)
                return True
            trial.set_user_attr("seconds", time.monotonic() - started)
            trial.set_user_attr("loss", loss)
            study.tell(trial, None if watch.pruned else loss, state=state.PRUNED if watch.pruned else state.COMPLETE)
            told = [t.value for t in study.get_trials(deepcopy=False, states=(state.COMPLETE,))]
            text = _("best loss {best}, as it was {before}", best=significant(min(told)), before=significant(told[0]))
            progress.update(number + 1, text)
    return False


class _Pruning(Callback):
    """Ends a training whose validation loss is worse than the median of the earlier trials' at the same step."""

    def __init__(self, trial: Any, study: Any) -> None:
        self._trial, self._free = trial, len(_finished(study)) < _BEFORE_PRUNING
        self._seen = 0
        self.pruned = False

    def on_validation(self, row: Mapping[str, float]) -> bool | None:
        """Whether to end it."""
        loss = row["validation_loss"]
        if not np.isfinite(loss):
            return None
        self._trial.report(loss, self._seen)
        self._seen += 1
        self.pruned = not self._free and self._seen > _WARM and self._trial.should_prune()
        return self.pruned or None


def _loss(estimator: Tunable, part: Any, given: Mapping[str, Any], seed: int, run: Run) -> float:
    from sklearn.base import clone

    trial: Any = clone(estimator)  # pyright: ignore[reportArgumentType]  # an estimator
    trial.set_params(**given, seed=seed)
    return float(trial.held_out_loss(part, run))


def _gain(estimator: Tunable, part: Any, changed: Mapping[str, Any], seed: int, run: Run) -> float | None:
    """By which share the loss is lower with other seeds; None where the user stopped it."""
    losses: list[list[float]] = [[], []]
    expect(run.progress, 1)
    with following(run.progress, _("other seeds"), 2 * _OTHER_SEEDS) as progress:
        silent = replace(run, progress=quiet())
        for k in range(_OTHER_SEEDS):
            for place, given in enumerate((changed, {})):
                losses[place].append(_loss(estimator, part, given, (seed + 1 + k) % 2**32, silent))
                progress.update(2 * k + place + 1, "")
    found = np.mean(losses, axis=1)
    return float(1.0 - found[0] / found[1]) if np.isfinite(found).all() and found[1] > 0 else None


@contextmanager
def _study(search: Search, choices: Choices, now: Mapping[str, Any], seed: int) -> Iterator[Any]:
    """The study that goes on in the journal, or a new one."""
    import optuna
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend

    level = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    try:
        space = {name: repr(choice) for name, choice in choices.items()}
        told = json.dumps([search.digest, space, {k: repr(v) for k, v in now.items()}, seed], sort_keys=True)
        mark = hashlib.sha256(told.encode()).hexdigest()
        storage = None
        if search.journal is not None:
            if not search.resume:
                search.journal.unlink(missing_ok=True)
            search.journal.parent.mkdir(parents=True, exist_ok=True)
            storage = JournalStorage(JournalFileBackend(str(search.journal)))
        pruner = optuna.pruners.MedianPruner(n_startup_trials=_BEFORE_PRUNING)
        study = optuna.create_study(storage=storage, study_name="tune", pruner=pruner, load_if_exists=True)
        if study.user_attrs.get("mark", mark) != mark:
            raise InputError(
                _(
                    "{journal} holds a search over other data or settings: resume with the same file and options, or "
                    "start again without {resume_option}",
                    journal=search.journal,
                    resume_option=option("resume"),
                )
            )
        study.set_user_attr("mark", mark)
        yield study
    finally:
        optuna.logging.set_verbosity(level)


def _finished(study: Any) -> list[Any]:
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE, TrialState.PRUNED))


def _frame(study: Any, choices: Choices) -> pd.DataFrame:
    rows = [
        {
            "trial": number,
            "state": trial.state.name.lower(),
            "loss": trial.user_attrs["loss"],
            "seconds": round(trial.user_attrs["seconds"], 2),
            **{name: trial.params[name] for name in choices},
        }
        for number, trial in enumerate(_finished(study), start=1)
    ]
    return pd.DataFrame(rows, columns=["trial", "state", "loss", "seconds", *choices])


def _sentence(trials: pd.DataFrame, loss: float, before: float, gain: float | None, changed: Mapping[str, Any]) -> str:
    known = {
        "trials": counted(len(trials), "trial"),
        "loss": significant(loss),
        "before": significant(before),
        "share": percent(abs(1.0 - loss / before)) if before > 0 else "",
    }
    if not changed:
        return _("Of {trials} none is better than the settings as they are (loss {before}).", **known)
    if gain is None:
        return _(
            "The best of {trials} lowers the loss on held-out forecasts by {share} ({loss}, {before} before); the "
            "search was stopped before other seeds could tell how much of that is chance.",
            **known,
        )
    known["gain"] = percent(abs(gain))
    if gain > LEAST_GAIN:
        return _(
            "The best of {trials} lowers the loss on held-out forecasts by {share} ({loss}, {before} before), and by "
            "{gain} with {seeds} that did not choose it.",
            **known,
            seeds=counted(_OTHER_SEEDS, "other seed"),
        )
    return _(
        "The best of {trials} lowers the loss on held-out forecasts by {share} ({loss}, {before} before), but with "
        "{seeds} it is {change}: the settings stay as they are.",
        **known,
        change=_("only {gain} lower", **known) if gain > 0 else _("{gain} higher", **known),
        seeds=counted(_OTHER_SEEDS, "other seed"),
    )


def tune(
    estimator: Any,
    data: Any,
    *,
    trials: int = TRIALS,
    minutes: float | None = None,
    journal: str | Path | None = None,
    resume: bool = False,
    choices: Choices | None = None,
    run: Run | None = None,
    **columns: Any,
) -> Tuned:
    """Search the settings of an estimator's network and training, by what is held out of the learnt part of `data`.

    The part of `data` that `study` would test on is cut away first. `columns` are what `study` takes beside the data.
    `trials` are at most trained, and no new one begins after `minutes`. They are kept in the file `journal`, of which
    `resume` goes on, to the same result as if it had not been stopped. `choices` name what is searched, as
    {"network__hidden": OneOf((32, 64)), "training__learning_rate": Between(1e-3, 1e-2, log=True)}.

    Raises InputError for an estimator whose settings cannot be searched, and MissingPackageError without Optuna.

    >>> from recurra import Forecaster, read_table
    >>> from recurra.tasks.tuning import tune
    >>> co2 = read_table("demo:co2").frame
    >>> found = tune(Forecaster(26), co2, trials=20, target="co2")  # doctest: +SKIP
    >>> better = Forecaster(26, **found.arguments())  # doctest: +SKIP
    """
    path = None if journal is None else Path(journal)
    part, digest = estimator.learnt_part(data, **columns)
    search = Search(trials, minutes, path, resume, digest, run or Run())
    return search_settings(estimator, part, search, choices)
