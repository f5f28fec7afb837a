"""From raw columns to arrays for a network, learnt from the training part alone; and batches of them."""
