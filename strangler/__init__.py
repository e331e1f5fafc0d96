"""Take a Django monolith apart, module after module, while the site stays up.

Importing this package loads no model: it names the apps for `INSTALLED_APPS` and nothing else.
"""

MONOLITH_APPS = (
    "strangler",
    "strangler.rollout",
    "strangler.outbox",
    "strangler.isolation",
    "strangler.shadow",
    "strangler.move",
)
"""The apps of a monolith: `INSTALLED_APPS = [..., *strangler.MONOLITH_APPS]`."""

SERVICE_APPS = ("strangler", "strangler.outbox", "strangler.service")
"""The apps of an extracted service: `INSTALLED_APPS = [..., *strangler.SERVICE_APPS]`."""

__version__ = "0.1.0"

__all__ = ["MONOLITH_APPS", "SERVICE_APPS", "__version__"]
