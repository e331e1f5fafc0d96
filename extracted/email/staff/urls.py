"""URLs of the staff pages, below /email/."""

from django.urls import path

from extracted.email.staff import views

app_name = "staff"

urlpatterns = [
    path("", views.messages, name="messages"),
    path("messages/<uuid:pk>/", views.message, name="message"),
    path("messages/<uuid:pk>/html/", views.preview, name="preview"),
    path("messages/<uuid:pk>/resend/", views.resend, name="resend"),
    path("messages/<uuid:pk>/decide/", views.decide, name="decide"),
    path("suppressions/", views.suppressions, name="suppressions"),
    path("suppressions/remove/", views.release, name="release"),
]
