"""Translation: texts of one kind out of texts of another."""
