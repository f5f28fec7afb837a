"""How good translations are, and what they are compared with."""
