"""Services that were taken out of the monolith: one Django project per folder, each with its own database."""
