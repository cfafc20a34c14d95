"""The models of the notes: few, and between them every kind of column that a note asks about."""

# [start: models]
from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=50)


class Shelf(models.Model):
    label = models.CharField(max_length=20, unique=True)


class Book(models.Model):
    title = models.CharField(max_length=50)
    subtitle = models.CharField(max_length=50, blank=True)
    author = models.ForeignKey(Author, models.CASCADE, null=True)
    shelf = models.ForeignKey(Shelf, models.SET_NULL, null=True)
    pages = models.IntegerField(null=True)
    lent = models.BooleanField(default=False)
    details = models.JSONField(default=dict)
    added_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=models.Q(pages__gte=0), name="book_pages_not_negative")
        ]
        # [end: models]
