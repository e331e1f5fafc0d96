"""Settings that both projects share; what differs on purpose is in their own files."""

SECRET_KEY = "s" * 50
KEYS = ["sample-signing-key-sample-signing-key"]
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
DEFAULT_FROM_EMAIL = "desk@sample.example"
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
