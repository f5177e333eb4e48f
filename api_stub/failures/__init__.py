"""The speaker's failure menu: each failure is really done, and what notices it is told as it was seen."""
