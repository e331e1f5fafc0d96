"""Commands of the journey, one a file."""
