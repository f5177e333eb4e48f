"""HTTP from outside: who may ask, how much, how long a connection may wait, and what is promised."""
