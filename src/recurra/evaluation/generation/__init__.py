"""Evaluating what makes sequences: n-grams to compare with, likelihood, memorised passages."""
