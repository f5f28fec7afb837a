"""Data for a first try without a file: carried by dependencies or generated."""
