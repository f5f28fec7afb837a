"""How good a ranking of what comes next is: ranks over all items, baselines, scores with intervals."""
