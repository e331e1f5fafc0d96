"""Mail from programs that know nothing of Django or Celery: JSON messages on a durable RabbitMQ queue.

The classic set-up: `prefetch_count=1`, acknowledged after the work, and the work is a committed row. What can't be
used goes to a dead-letter queue with the reason in its headers. The queue is declared as a plain producer
declares it, durable and nothing else, so that either side may come first; dead letters are therefore sent by the
consumer itself, confirmed, before it acknowledges.
"""
