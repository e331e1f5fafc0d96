"""ASGI entry: Django's own application behind the facade, which picks a side for every request."""

import os

from django.core.asgi import get_asgi_application

from strangler.facade.asgi import Facade

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "monolith.settings.local")

application = Facade(get_asgi_application())
