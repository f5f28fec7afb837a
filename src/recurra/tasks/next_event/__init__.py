"""What comes next in a history of events: recommendation, process logs, moves of a game."""
