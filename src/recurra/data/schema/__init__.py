"""Which column plays which role: given by the user or inferred, and reported either way."""
