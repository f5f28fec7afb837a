"""A small recurrent forecaster that was trained once, on many series, and forecasts those it has never seen."""

from recurra.nn.pretrained.series import zero_shot
from recurra.nn.pretrained.shape import Shape
from recurra.nn.pretrained.weights import load_network, save_network

__all__ = ["Shape", "load_network", "save_network", "zero_shot"]
