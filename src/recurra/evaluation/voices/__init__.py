"""How near a voice comes to its recordings, and what it is compared with: joined recordings, mean sounds."""
