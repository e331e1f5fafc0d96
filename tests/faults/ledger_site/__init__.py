"""A service that writes one row per message, so that a test can count the effects."""
