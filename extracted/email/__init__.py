"""The email service: takes messages by template and context, sends them over SMTP, keeps what became of them.

A Django project of its own: settings, database, migrations, templates, URLs, WSGI application and Celery app. It
shares nothing with the monolith but signed principals and messages.

What is promised: a message that was taken is sent at least once, always with the same `Message-ID`. It is sent
more than once only if an attempt ended in the window after DATA, where the server may have taken it without
having said so: no SMTP client can tell. See `outcomes`.
"""
