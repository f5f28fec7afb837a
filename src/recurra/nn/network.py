"""What every network of a task is: a whole sequence and a step at a time, or the reason why there are no steps.

    forward(inputs, state=None) -> outputs, state
    step(inputs_t, state=None)  -> outputs_t, state

For a causal network both say the same: forward over T steps equals T steps, and forward over a part, then over the rest
from the state of the part, equals forward over the whole. A state of None is that of the beginning. A network whose
outputs need later inputs says so in `why_not_causal`, has no `step`, and takes no state. One that looks a few steps
ahead has a `delay`: its step t says what forward says of step t - `delay`.

An encoder and decoder is causal in its decoder: `step` goes on from `start(memory)`, and forward is the loss alone,
since the logits of all steps together are never held.
"""

from __future__ import annotations

from typing import Any

from torch import nn

from recurra.errors import InputError
from recurra.language import _


class Network(nn.Module):
    """The base of the networks of tasks; a subclass has `forward`, and `step` where it may be causal."""

    @property
    def why_not_causal(self) -> str:
        """Why an output needs later inputs, so that there is no step; "" where it does not."""
        return ""

    @property
    def delay(self) -> int:
        """How many steps an output comes after its input."""
        return 0

    def step(self, *args: Any, **kwargs: Any) -> tuple[Any, Any]:
        """The next step and the state before it -> its outputs and the state after it."""
        self.refuse_steps()
        raise NotImplementedError(f"{type(self).__name__} is causal, and has no step")

    def refuse_steps(self) -> None:
        """Raise InputError where it cannot run step by step: it is not causal, or it is training and draws masks."""
        if why := self.why_not_causal:
            raise InputError(_("this network cannot run step by step: {why}", why=why))
        if self.training:
            raise InputError(_("this network is in training mode and drops features at random: call eval() first"))

    def refuse_state(self, state: Any) -> None:
        """Raise InputError for a state that is given to a network that cannot go on from one."""
        if state is not None and (why := self.why_not_causal):
            raise InputError(_("this network takes no state: {why}", why=why))
