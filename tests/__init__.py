"""The test-suite of the toolkit and the reference project."""
