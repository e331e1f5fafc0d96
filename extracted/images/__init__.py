"""The image service: takes uploaded photos, makes their renditions in workers, publishes them to the shop.

A Django project of its own: settings, database, migrations, URLs, WSGI application and Celery app. It shares
nothing with the monolith but signed principals and the files below ``MEDIA_ROOT``, which both see like a bucket.
"""
