"""Outbox, relay and inbox against real databases and brokers."""
