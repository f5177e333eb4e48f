"""Drawing the kitchen and who is in it."""
