"""Take a set of tables to a service's database while the site writes to them.

Triggers write changed keys to a changelog, `copying` goes through the primary keys in chunks, `following` brings the
latest state of what changed, and both put their position beside the data on the target, so that any crash is only a pause.
"""
