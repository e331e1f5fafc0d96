"""Fills the shop with plausible data, any amount of it, for demonstrations and measurements."""
