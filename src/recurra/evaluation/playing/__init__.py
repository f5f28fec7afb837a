"""How well agents play: returns of fresh episodes, and whether memory helps."""
