"""How hundreds of orders stand and walk: the floor, its stands, and the fast path of a frame."""
