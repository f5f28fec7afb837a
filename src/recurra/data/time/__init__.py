"""Times as people write them, the frequency between them, and the grid that a panel lives on."""
