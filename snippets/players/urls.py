"""Addresses of the players' pages."""

from django.urls import path

from . import views

app_name = "players"

urlpatterns = [
    path("", views.PlayerListView.as_view(), name="list"),
    path("players/new/", views.PlayerCreateView.as_view(), name="create"),
    path("players/new/several/", views.PlayerCreateSeveralView.as_view(), name="create-several"),
    path("players/<int:pk>/edit/", views.PlayerEditView.as_view(), name="edit"),
    path("players/<int:pk>/delete/", views.PlayerDeleteView.as_view(), name="delete"),
    path("players/delete/", views.delete_all, name="delete-all"),
    path("trade/", views.TradeView.as_view(), name="trade"),
]
