"""Drawing hundreds of gophers."""
