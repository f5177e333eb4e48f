"""Checkpoints: the keys of configs/*.yaml, reading such a file whatever it holds, which one is in force."""
