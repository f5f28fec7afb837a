"""Evaluating transcripts: word and character error rates, and what a network is compared with."""
