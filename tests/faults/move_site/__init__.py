"""A small site whose tables move to a service while it is under load."""
