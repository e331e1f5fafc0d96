"""`manage.py seed`."""
