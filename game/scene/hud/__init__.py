"""The bands, signs and receipts that lie over the kitchen."""
