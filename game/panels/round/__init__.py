"""A round: its clock beside the kitchen, the name of who played, and the table."""
