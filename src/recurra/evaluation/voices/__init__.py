"""How near a voice comes to its recordings, and what it is compared with: unit selection, mean symbols."""
