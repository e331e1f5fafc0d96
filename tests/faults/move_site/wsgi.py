"""The site behind the facade."""

from django.core.wsgi import get_wsgi_application

from strangler.facade.wsgi import Facade

application = Facade(get_wsgi_application())
