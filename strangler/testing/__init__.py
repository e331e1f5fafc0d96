"""A pytest plugin that runs tests against both sides of a seam."""
