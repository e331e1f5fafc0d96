"""The door of a monolith: route seams go to legacy or to a service, request by request.

Wrap Django's application with `strangler.facade.wsgi.Facade` or `strangler.facade.asgi.Facade`. Inside of a request,
`current_decision()` says which side does it.
"""

from strangler.facade.context import current_decision

__all__ = ["current_decision"]
