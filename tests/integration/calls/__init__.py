"""Tests of calls: a monolith and a service with Celery workers of their own, on real brokers."""
