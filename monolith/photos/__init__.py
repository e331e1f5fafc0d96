"""Photos of the customers."""
