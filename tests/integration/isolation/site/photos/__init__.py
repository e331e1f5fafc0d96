"""What the service will own."""
