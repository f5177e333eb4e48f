"""What a person may do to the kitchen, by keys and by the pointer, while no panel takes it."""
