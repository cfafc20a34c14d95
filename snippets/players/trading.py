"""Trading between two players: all of it happens, or nothing."""

# [start: trade]
from django.db import transaction

from players.models import Player


class TradeError(Exception):
    """A trade that did not happen; the message says why."""


class NotEnoughCoins(TradeError):
    """The buyer can't pay the price."""


class NotEnoughGoods(TradeError):
    """The seller doesn't own that many goods."""


def trade(seller: Player, buyer: Player, goods: int, price: int) -> None:
    """Move goods from seller to buyer, and the price in coins from buyer to seller."""
    check_terms(seller, buyer, goods, price)
    with transaction.atomic():
        # Lock both rows and read them again, always the lower key first: two trades between
        # the same players then wait for each other and can't deadlock.
        for player in sorted([seller, buyer], key=lambda player: player.pk):
            player.refresh_from_db(from_queryset=Player.objects.select_for_update())
        if seller.goods < goods:
            raise NotEnoughGoods(f"{seller.name} lacks goods: has {seller.goods}, needs {goods}.")
        if buyer.coins < price:
            raise NotEnoughCoins(f"{buyer.name} lacks coins: has {buyer.coins}, needs {price}.")
        seller.goods -= goods
        buyer.goods += goods
        seller.coins += price
        buyer.coins -= price
        seller.save()
        buyer.save()
    # [end: trade]


class InvalidTrade(TradeError):
    """The terms make no sense, whatever the players own."""


def check_terms(seller: Player, buyer: Player, goods: int, price: int) -> None:
    """Refuse a trade with oneself, and amounts that would turn it around."""
    if seller.pk == buyer.pk:
        raise InvalidTrade(f"{seller.name} can't trade with themselves.")
    if goods < 1:
        raise InvalidTrade(f"A trade needs at least 1 goods, not {goods}.")
    if price < 1:
        raise InvalidTrade(f"A trade needs a price of at least 1 coin, not {price}.")
