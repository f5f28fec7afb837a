"""Speech: recordings and what is said in them. `transcribe` goes from the one to the other."""
