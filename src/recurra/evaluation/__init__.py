"""What a result is worth: forecasts, labelled sequences, and what both share."""
