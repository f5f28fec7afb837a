"""The fused projection and cross-entropy beside the plain one, pair by pair, forward and backward, one thread.

    python benchmarks/projected_loss.py --rows 1024 --width 256 --classes 8000

Prints milliseconds of both (medians of pairs in turns), the ratio, and the bytes of logits that the plain one holds.
Refuses to report where the results differ.
"""

from __future__ import annotations

import argparse
import statistics
import time

import torch
from torch.nn import functional

from recurra.nn.projected_loss import projected_loss

Three = tuple[torch.Tensor, torch.Tensor, torch.Tensor]


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    for name, usual in (("rows", 1024), ("width", 256), ("classes", 8000), ("pairs", 9)):
        parser.add_argument(f"--{name}", type=int, default=usual)
    given = parser.parse_args()
    torch.set_num_threads(1)
    for dtype in (torch.float32, torch.bfloat16):
        torch.manual_seed(0)
        hidden = torch.randn(given.rows, given.width, requires_grad=True)
        weight = (0.05 * torch.randn(given.classes, given.width)).requires_grad_()
        bias = torch.zeros(given.classes, requires_grad=True)
        targets = torch.randint(given.classes, (given.rows,))
        parts = (hidden, weight, bias)

        def ours(parts: Three = parts, targets: torch.Tensor = targets) -> tuple[torch.Tensor, ...]:
            return torch.autograd.grad(projected_loss(*parts, targets, smoothing=0.1), parts)

        def theirs(parts: Three = parts, targets: torch.Tensor = targets) -> tuple[torch.Tensor, ...]:
            logits = functional.linear(*parts)
            return torch.autograd.grad(functional.cross_entropy(logits, targets, label_smoothing=0.1), parts)

        with torch.autocast("cpu", dtype=dtype, enabled=dtype != torch.float32):
            tolerance = 1e-4 if dtype == torch.float32 else 5e-2
            for one, other in zip(ours(), theirs(), strict=True):
                worst = float((one - other).norm() / other.norm())
                if worst > tolerance:
                    raise SystemExit(f"the gradients differ by {worst:.2g}: nothing is reported")
            taken: dict[str, list[float]] = {"ours": [], "plain": []}
            for _ in range(given.pairs):
                for name, run in (("ours", ours), ("plain", theirs)):
                    start = time.process_time()
                    run()
                    taken[name].append(time.process_time() - start)
        fused, plain = (statistics.median(taken[name]) for name in ("ours", "plain"))
        size = given.rows * given.classes * 4 / 2**20
        print(
            f"{str(dtype).removeprefix('torch.')}: {1e3 * fused:.1f} ms against {1e3 * plain:.1f} ms, "
            f"{plain / fused:.2f} times as fast; the plain one holds {size:.0f} MiB of logits"
        )


if __name__ == "__main__":
    main()
