"""The checked frame: many series on one grid; its rows, seasons, scaling and windows."""
