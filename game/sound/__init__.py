"""Sounds: made of numbers (`synth`), asked for as data (`cues`), kept quiet (`limiter`), heard
(`loudspeaker`)."""
