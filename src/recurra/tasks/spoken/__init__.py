"""What both tasks of speech share: recordings with their texts and speakers, and how a network learns to hear them."""
