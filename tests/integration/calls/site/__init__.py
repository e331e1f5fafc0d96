"""A monolith `shop` and a service `reports`, small enough to be read at once."""
