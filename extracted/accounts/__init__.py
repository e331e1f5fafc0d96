"""The accounts service: registration, login, logout, password and profile, with users of its own.

The last to leave the monolith, and reversibly: `strangler.bridge` keeps users in step and lets whoever is logged in on
one side be it on the other.
"""
