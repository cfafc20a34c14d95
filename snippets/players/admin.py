"""Players in the admin."""

from django.contrib import admin

from .models import Player


@admin.register(Player)
class PlayerAdmin(admin.ModelAdmin):
    """List players with what they own; find them by name."""

    list_display = ("id", "name", "coins", "goods", "created_at", "updated_at")
    list_display_links = ("id", "name")
    search_fields = ("name",)
    readonly_fields = ("created_at", "updated_at")
