"""`manage.py fill_reports`."""
