"""Text to speech: recordings and their texts become a voice, which speaks any text of the same sounds."""
