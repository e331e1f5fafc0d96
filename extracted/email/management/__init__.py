"""Commands of the email service."""
