"""The players app."""

from django.apps import AppConfig


class PlayersConfig(AppConfig):
    """Players who own coins and goods, and trade them."""

    name = "players"
