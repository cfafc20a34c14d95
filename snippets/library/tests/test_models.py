"""What the notes rely on, on every database."""

from datetime import UTC, datetime

from django.core.management import call_command
from django.db import IntegrityError, transaction
from django.test import TestCase

from library.models import Author, Book, Shelf


class LibraryTests(TestCase):
    def test_a_book_comes_back_as_it_was_stored(self) -> None:
        author = Author.objects.create(name="夏目漱石")
        values = {
            "title": "こころ 🍣",
            "subtitle": "",
            "author": author,
            "shelf": None,
            "pages": 0,
            "lent": True,
            "details": {"languages": ["ja"], "price": None},
            "added_at": datetime(2026, 1, 2, 3, 4, 5, 678901, tzinfo=UTC),
        }
        book = Book.objects.get(pk=Book.objects.create(**values).pk)
        self.assertEqual({name: getattr(book, name) for name in values}, values)

    def test_two_shelves_cannot_have_one_label(self) -> None:
        Shelf.objects.create(label="A1")
        with self.assertRaises(IntegrityError), transaction.atomic():
            Shelf.objects.create(label="A1")

    def test_books_go_with_their_author_and_stay_without_their_shelf(self) -> None:
        author = Author.objects.create(name="Ann")
        shelf = Shelf.objects.create(label="A1")
        Book.objects.create(title="One", author=author, shelf=shelf)
        shelf.delete()
        self.assertIsNone(Book.objects.get(title="One").shelf)
        author.delete()
        self.assertFalse(Book.objects.exists())

    def test_migrations_match_the_models(self) -> None:
        call_command("makemigrations", "library", "--check", "--dry-run", verbosity=0)
