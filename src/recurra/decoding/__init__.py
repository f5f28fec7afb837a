"""How something is produced step by step."""
