"""How fast a layer is beside torch.nn's on this machine, pair by pair, and never where the results differ."""

from recurra.bench.agreement import Disagreement
from recurra.bench.cases import FULL, QUICK, Case, Grid
from recurra.bench.measuring import Comparison, compare
from recurra.bench.pairs import Pairs, paired

__all__ = ["FULL", "QUICK", "Case", "Comparison", "Disagreement", "Grid", "Pairs", "compare", "paired"]
