"""What is measured of a server, as Prometheus reads it. Each worker has its own numbers."""

from __future__ import annotations

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

_SECONDS = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10)


class Metrics:
    """Calls, their time, steps, how many sessions step together, sessions, and how far intervals hold."""

    def __init__(self) -> None:
        self._registry = registry = CollectorRegistry()
        self.calls = Counter("recurra_calls", "Calls by route and status.", ("route", "status"), registry=registry)
        self.seconds = Histogram(
            "recurra_call_seconds", "Time until a call is answered.", ("route",), buckets=_SECONDS, registry=registry
        )
        self.steps = Counter("recurra_steps", "Rows that sessions took.", registry=registry)
        self.together = Histogram(
            "recurra_sessions_together", "Sessions that step in one call of the kernel.",
            buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500, 1000), registry=registry,
        )  # fmt: skip
        self._sessions = Gauge("recurra_sessions", "Sessions.", registry=registry)
        self._coverage = Gauge(
            "recurra_interval_coverage", "Share of truths within the intervals of a level, in per cent: below it, the "
            "model has drifted.", ("level",), registry=registry,
        )  # fmt: skip

    def text(self, sessions: int, coverage: Mapping[float, float]) -> bytes:
        """All of it, with how things stand."""
        self._sessions.set(sessions)
        for level, share in coverage.items():
            self._coverage.labels(f"{level:g}").set(100 * share)
        return generate_latest(self._registry)
