"""Agents that act in environments and remember; and what an actor of recorded games will do next."""
