"""Means of drawing that know no kitchen: view, brush, shapes, kept pictures."""
