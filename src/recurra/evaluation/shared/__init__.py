"""What every evaluation needs: significance and the bootstrap."""
