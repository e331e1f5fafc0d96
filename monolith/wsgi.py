"""WSGI entry: Django's own application behind the facade, which picks a side for every request."""

import os

from django.core.wsgi import get_wsgi_application

from strangler.facade.wsgi import Facade

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "monolith.settings.local")

application = Facade(get_wsgi_application())
