"""A monolith that is not the reference project."""
