"""Customers: registration, login, profiles."""
