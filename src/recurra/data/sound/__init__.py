"""Sound beyond its bands: the pitch of a voice, and samples out of a spectrogram."""
