"""Logs of events: who did what when, as histories in order."""
