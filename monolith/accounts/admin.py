"""Customers in the back office."""

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.contrib.auth.admin import UserAdmin

from monolith.accounts.models import Profile

User = get_user_model()
admin.site.unregister(User)


class ProfileInline(admin.StackedInline):
    """The profile on the page of its user."""

    model = Profile
    can_delete = False


@admin.register(User)
class CustomerAdmin(UserAdmin):
    """Django's page of a user, with the profile."""

    inlines = [ProfileInline]
    list_display = ["username", "email", "first_name", "last_name", "is_staff", "date_joined"]
    date_hierarchy = "date_joined"
    show_full_result_count = False


@admin.register(Profile)
class ProfileAdmin(admin.ModelAdmin):
    """Profiles by town."""

    list_display = ["user", "name", "postcode", "city", "country", "newsletter"]
    list_filter = ["newsletter", "country"]
    list_select_related = ["user"]
    search_fields = ["user__username", "user__email", "name", "city"]
    raw_id_fields = ["user"]
