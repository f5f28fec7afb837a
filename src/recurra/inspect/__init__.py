"""What a recurrent network remembers, where its gradient dies, and what moved a prediction."""

from recurra.inspect.diagnosis import Finding, TrainingSigns, diagnose
from recurra.inspect.flow import Flow, LayerFlow, gradient_flow
from recurra.inspect.flow_plot import draw_flow
from recurra.inspect.memory import Memory, memory_of
from recurra.inspect.watch import Watch, watch

__all__ = [
    "Finding",
    "Flow",
    "LayerFlow",
    "Memory",
    "TrainingSigns",
    "Watch",
    "diagnose",
    "draw_flow",
    "gradient_flow",
    "memory_of",
    "watch",
]
