"""What lies where on a display of any shape beside the kitchen itself, and when keys lie on the cooks."""
