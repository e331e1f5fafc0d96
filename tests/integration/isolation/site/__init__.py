"""A small project whose photos belong to a service, for the pytest plugin."""
