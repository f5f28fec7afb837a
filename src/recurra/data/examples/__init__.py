"""Labelled sequences as the user has them: inputs, examples, splits."""
