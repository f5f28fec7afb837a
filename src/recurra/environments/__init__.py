"""Environments of gymnasium: made by their name, checked, several of them side by side, without velocities."""
