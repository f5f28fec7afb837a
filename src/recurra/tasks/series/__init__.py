"""Synthetic rows of a table of numbers, to be shared in place of the real ones."""
