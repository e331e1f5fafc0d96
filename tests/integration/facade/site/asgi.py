"""The site as uvicorn runs it."""

from django.core.asgi import get_asgi_application

from strangler.facade.asgi import Facade

application = Facade(get_asgi_application())
