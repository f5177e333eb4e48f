"""The model of the kitchen and its rules; no pygame, no HTTP."""
