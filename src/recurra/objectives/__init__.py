"""What is learnt: the meaning of a network's outputs, a class a file."""
