"""The unattended window: what it shows while nobody is there, and how it is made ready for the next guest."""
