"""The sizes of a pretrained forecaster."""

from __future__ import annotations

from dataclasses import asdict, dataclass


@dataclass(frozen=True)
class Shape:
    """Sizes of the network; `patch` values are one step of the recurrence, `horizon` values are forecast in one go."""

    patch: int = 16
    horizon: int = 64
    context: int = 1024
    width: int = 256
    layers: int = 2
    expand: int = 2
    step_width: int = 24
    recurrence: str = "lstm"

    def __post_init__(self) -> None:
        if self.horizon % self.patch or self.context % self.patch:
            raise ValueError(
                f"horizon={self.horizon} and context={self.context} must be multiples of patch={self.patch}"
            )
        if self.recurrence not in ("lstm", "gru"):
            raise ValueError(f"recurrence={self.recurrence!r}: expected 'lstm' or 'gru'")

    def as_dict(self) -> dict[str, int | str]:
        return asdict(self)
