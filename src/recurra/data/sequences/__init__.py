"""Labelled sequences as the user has them: inputs, examples, labels, files, splits."""
