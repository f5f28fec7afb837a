"""What a recurrent network remembers, where its gradient dies, and what moved a prediction."""

from recurra.inspect.attributed import Attribution
from recurra.inspect.attribution import attribute
from recurra.inspect.attribution_plot import draw_attribution
from recurra.inspect.diagnosis import Finding, TrainingSigns, diagnose
from recurra.inspect.flow import Flow, LayerFlow, gradient_flow
from recurra.inspect.flow_plot import draw_flow
from recurra.inspect.holding import holding
from recurra.inspect.memory import Memory, memory_of
from recurra.inspect.occlusion import occlude
from recurra.inspect.regularising import Comparison, Variant, regularisation
from recurra.inspect.state_plots import draw_holding, draw_map, draw_trace, hidden_map
from recurra.inspect.traces import Trace, trace
from recurra.inspect.watch import Watch, watch
from recurra.inspect.watched import Watched

__all__ = [
    "Attribution",
    "Comparison",
    "Finding",
    "Flow",
    "LayerFlow",
    "Memory",
    "Trace",
    "TrainingSigns",
    "Variant",
    "Watch",
    "Watched",
    "attribute",
    "diagnose",
    "draw_attribution",
    "draw_flow",
    "draw_holding",
    "draw_map",
    "draw_trace",
    "gradient_flow",
    "hidden_map",
    "holding",
    "memory_of",
    "occlude",
    "regularisation",
    "trace",
    "watch",
]
