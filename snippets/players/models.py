"""The one model of the sample: a player who owns coins and goods."""

# [start: player]
from django.db import models


class Player(models.Model):
    name = models.CharField(max_length=32)
    coins = models.IntegerField(default=100)
    goods = models.IntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    # [end: player]

    def __str__(self) -> str:
        return f"{self.name} (coins: {self.coins}, goods: {self.goods})"
