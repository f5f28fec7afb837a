"""From a file to a table as it was written: source, encoding, dialect, numbers, and what was found on the way."""
