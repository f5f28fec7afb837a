"""The panels of pages, one a file; every task chooses from them, and may add its own: `Frame`, `Sentences`, `Chart`."""

from __future__ import annotations

from recurra.report.panels.alignment import Aligned, Alignment
from recurra.report.panels.anomalies import Anomalies
from recurra.report.panels.backtest import Backtest
from recurra.report.panels.by_series import BySeries
from recurra.report.panels.by_step import ByStep
from recurra.report.panels.calibration import Calibration
from recurra.report.panels.cards import Cards
from recurra.report.panels.classes import Classes
from recurra.report.panels.confused_words import ConfusedWords
from recurra.report.panels.confusion import Confusion
from recurra.report.panels.coverage import Coverage
from recurra.report.panels.episode import Episode
from recurra.report.panels.error_by_size import ErrorBySize
from recurra.report.panels.explained import Explained
from recurra.report.panels.forecast import Forecast
from recurra.report.panels.made import Made
from recurra.report.panels.memory import Memory
from recurra.report.panels.methods import Methods
from recurra.report.panels.mistakes import Mistakes
from recurra.report.panels.moved import Moved, MovedUsually
from recurra.report.panels.own import Chart, Fragment, Frame, Sentences
from recurra.report.panels.panel import Deferred, Panel
from recurra.report.panels.picker import Picker
from recurra.report.panels.returns import Returns
from recurra.report.panels.samples import Memorised, Samples
from recurra.report.panels.scatter import Scatter
from recurra.report.panels.sizes import Sizes
from recurra.report.panels.sounds import Sounds
from recurra.report.panels.spoken import SpokenWords
from recurra.report.panels.surprise import Surprise
from recurra.report.panels.training import Training
from recurra.report.panels.usual import Usual
from recurra.report.panels.voices import Voices
from recurra.report.panels.watched import Watched
from recurra.report.panels.worst import Worst

# By the names under which a report chooses them.
PANELS: dict[str, type[Panel]] = {
    "cards": Cards,
    "picker": Picker,
    "samples": Samples,
    "sounds": Sounds,
    "made": Made,
    "forecast": Forecast,
    "backtest": Backtest,
    "moved": Moved,
    "methods": Methods,
    "returns": Returns,
    "episode": Episode,
    "surprise": Surprise,
    "memorised": Memorised,
    "scatter": Scatter,
    "error by size": ErrorBySize,
    "confusion": Confusion,
    "classes": Classes,
    "spoken": SpokenWords,
    "voices": Voices,
    "confused words": ConfusedWords,
    "explained": Explained,
    "usual": Usual,
    "alignment": Alignment,
    "mistakes": Mistakes,
    "worst": Worst,
    "by step": ByStep,
    "coverage": Coverage,
    "by series": BySeries,
    "calibration": Calibration,
    "training": Training,
    "memory": Memory,
    "moved usually": MovedUsually,
    "sizes": Sizes,
    "watched": Watched,
    "anomalies": Anomalies,
}

__all__ = [
    "PANELS",
    "Aligned",
    "Alignment",
    "Anomalies",
    "Backtest",
    "BySeries",
    "ByStep",
    "Calibration",
    "Cards",
    "Chart",
    "Classes",
    "ConfusedWords",
    "Confusion",
    "Coverage",
    "Deferred",
    "Episode",
    "ErrorBySize",
    "Explained",
    "Forecast",
    "Fragment",
    "Frame",
    "Memorised",
    "Memory",
    "Methods",
    "Mistakes",
    "Moved",
    "MovedUsually",
    "Panel",
    "Picker",
    "Returns",
    "Samples",
    "Scatter",
    "Sentences",
    "Sizes",
    "Sounds",
    "SpokenWords",
    "Surprise",
    "Training",
    "Usual",
    "Watched",
    "Worst",
]
