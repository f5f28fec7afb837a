"""Pairs of texts: which columns hold them, what is doubtful about them, their split, and their sub-words."""
