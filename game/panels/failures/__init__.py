"""The speaker's failure menu: what can go wrong, done, and who noticed."""
