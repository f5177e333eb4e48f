"""Where things stand in the kitchen: the stages' places, the cooks, the seats beside a cook. Pure."""
