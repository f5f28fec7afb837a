"""Making sequences: what is learnt is their distribution, one step after the other."""
