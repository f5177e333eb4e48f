"""The form for an order."""
