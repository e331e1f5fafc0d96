"""The reporting service: answers from a read model of its own, so that no report ever meets the shop's tables.

A Django project of its own: settings, database, migrations, URLs, WSGI application and Celery app. It hears of the
shop's rows by messages and asks for them in chunks when it is new; see `extracted.reporting.feed`.
"""
