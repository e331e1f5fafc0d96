"""Addresses of the bridge: include them at the root of either side.

Those below `_strangler/` are for the other side and for the gateway; a gateway lets nobody else reach them.
"""

from django.urls import path

from strangler.bridge import views

app_name = "strangler_bridge"

urlpatterns = [
    path("_strangler/principal", views.principal, name="principal"),
    path("_strangler/login", views.login, name="login"),
    path("_strangler/users", views.all_users, name="users"),
    path("_strangler/users/<str:user_id>", views.one_user, name="user"),
    path("strangler/leave/", views.leave, name="leave"),
]
