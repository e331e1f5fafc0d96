"""Halftone, a shop for photo prints: the legacy Django project that the toolkit takes apart."""
