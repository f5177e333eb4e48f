"""The window, SDL's events, settings, other programs, the frame clock."""
