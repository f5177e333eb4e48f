"""One order's card."""
