"""The service that the tables move to."""
