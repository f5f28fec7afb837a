"""What every estimator of networks has once it is fitted, whatever it learnt: its ensemble, its curves, its memory.

`model_` holds what was learnt, with its `members`; `holdout_` what a model was evaluated on, with its `evaluation`.
"""

from __future__ import annotations

from typing import Any

import pandas as pd
from torch import nn

from recurra.ensemble.members import learning_curves
from recurra.errors import InputError
from recurra.inspect import Finding
from recurra.inspect.several import findings_of, flows_of
from recurra.language import _, mark
from recurra.options import option
from recurra.tasks.estimator import Estimator
from recurra.tasks.memory import remembered
from recurra.tasks.reported import ReportedEstimator
from recurra.training import Run
from recurra.training.progress import expect
from recurra.training.run import chosen_run

INTERRUPTED = mark("Training was interrupted: the best network so far is kept and evaluated.")
UNFINISHED = mark("The final training, on all examples, was interrupted: the evaluated model is kept.")


class FittedEstimator(ReportedEstimator, Estimator):
    """Base of estimators that train an ensemble of networks."""

    members: Any
    seed: int
    device: str
    verbose: bool | None
    model_: Any
    holdout_: Any

    @property
    def module_(self) -> nn.ModuleList:
        """The fitted networks, one per member of the ensemble."""
        return nn.ModuleList(member.network for member in self._fitted().members)

    def learning(self) -> pd.DataFrame:
        """The learning curves: a row per run ("study", "training"), network (`member`) and validation."""
        model, tested = self._fitted(), getattr(self, "holdout_", None)
        studied = () if tested is None or tested.model is model else tested.model.members
        return learning_curves({"study": studied, "training": model.members})

    def gradient_flow(self) -> pd.DataFrame:
        """How far back in time the gradient of each network reached while it was trained; nothing after loading.

        A row per `member`, training `step`, `layer` and step `back`: `gradient`, `cell` and `carried` as in
        `recurra.inspect.gradient_flow`.
        """
        return flows_of(remembered(self._fitted().members))

    def diagnose(self) -> list[Finding]:
        """What went wrong in the networks' training, in words, with a cure; nothing where nothing did."""
        return findings_of(remembered(self._fitted().members))

    def _run(self, run: Run | None, *, trainings: int) -> Run:
        """The run of so many trainings of the ensemble: device, checkpoints, progress."""
        run = chosen_run(run, verbose=self.verbose, device=self.device)
        expect(run.progress, trainings * int(self.members))
        return run

    def _fitted(self) -> Any:
        """What was learnt. Raises NotFittedError before."""
        if not hasattr(self, "model_"):
            from sklearn.exceptions import NotFittedError  # with it comes all of scikit-learn's base, a second

            name = type(self).__name__
            raise NotFittedError(
                _("this {name} is not fitted: call fit first, or read one with recurra.load", name=name)
            )
        return self.model_


def check_share(share: float) -> None:
    """Raise InputError for a share of the examples that leaves the training or the test part empty."""
    if not 0 < share < 1:
        given = int(share) if share % 1 == 0 else share
        raise InputError(
            _(
                "{share_option} leaves a part empty: expected a number between 0 and 1, as 0.2",
                share_option=option("share", given),
            )
        )
