"""The players' pages at /, the admin at /admin/."""

from django.contrib import admin
from django.urls import include, path

urlpatterns = [
    path("", include("players.urls")),
    path("admin/", admin.site.urls),
]
