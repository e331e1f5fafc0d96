"""Router and guard on the reference project's models."""
