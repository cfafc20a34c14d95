"""The library app."""

from django.apps import AppConfig


class LibraryConfig(AppConfig):
    """Authors, shelves and books: what the notes on databases ask about."""

    name = "library"
