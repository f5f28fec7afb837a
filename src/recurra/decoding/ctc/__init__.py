"""From what a CTC network says of every frame to units, words and times: greedy, prefix beam, alignment."""
