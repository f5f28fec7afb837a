"""Labelled sequences: classes, tags and numbers; the estimators and their parts."""
