"""The site as gunicorn runs it."""

from django.core.wsgi import get_wsgi_application

from strangler.facade.wsgi import Facade

application = Facade(get_wsgi_application())
