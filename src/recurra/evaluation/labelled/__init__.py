"""What a classifier, a tagger or a regressor of sequences is worth: scores, baselines, calibration, the verdict."""
