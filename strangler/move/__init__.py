"""Take tables to the database of a service while the site takes writes, and back."""
