"""What the tests of the forecaster share."""

from __future__ import annotations

import pytest
from tests.tasks.small import BaselinesHere


@pytest.fixture
def baselines_here(monkeypatch: pytest.MonkeyPatch) -> None:
    """The baselines in this process: another one takes seconds to start."""
    monkeypatch.setattr("recurra.tasks.forecast.rivals.BaselineWorker", BaselinesHere)
