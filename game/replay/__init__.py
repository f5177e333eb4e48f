"""A kill's snapshots, and the same rules run on them again, slowly."""
