"""Administrative commands of the service."""
