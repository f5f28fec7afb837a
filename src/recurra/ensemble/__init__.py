"""Several networks that learn the same task, and their mean."""
