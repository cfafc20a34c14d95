from django.db import models


class Note(models.Model):
    text = models.CharField(max_length=50, unique=True)
    stars = models.IntegerField(default=0)
