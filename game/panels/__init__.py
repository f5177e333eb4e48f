"""What lies over the kitchen: form, card, figures, help."""
