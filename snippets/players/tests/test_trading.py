"""A trade happens as a whole or not at all."""

from unittest import mock

from django.db import connection
from django.test import TestCase
from django.test.utils import CaptureQueriesContext

from players.models import Player
from players.trading import InvalidTrade, NotEnoughCoins, NotEnoughGoods, TradeError, trade


class TradeTests(TestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        cls.ann = Player.objects.create(name="Ann", coins=10, goods=5)
        cls.bob = Player.objects.create(name="Bob", coins=100, goods=0)

    def assert_stored(self, ann: tuple[int, int], bob: tuple[int, int]) -> None:
        """Compare coins and goods in the database, whatever the objects in memory say."""
        stored = Player.objects.order_by("pk").values_list("coins", "goods")
        self.assertEqual(list(stored), [ann, bob])

    def assert_nothing_changed(self) -> None:
        self.assert_stored(ann=(10, 5), bob=(100, 0))

    def test_moves_goods_and_coins(self) -> None:
        trade(self.ann, self.bob, goods=2, price=30)
        self.assert_stored(ann=(40, 3), bob=(70, 2))
        self.assertEqual((self.ann.coins, self.ann.goods), (40, 3))
        self.assertEqual((self.bob.coins, self.bob.goods), (70, 2))

    def test_may_take_the_last_coin_and_the_last_goods(self) -> None:
        trade(self.ann, self.bob, goods=5, price=100)
        self.assert_stored(ann=(110, 0), bob=(0, 5))

    def test_too_few_coins_change_nothing(self) -> None:
        with self.assertRaisesMessage(NotEnoughCoins, "Bob lacks coins: has 100, needs 101."):
            trade(self.ann, self.bob, goods=1, price=101)
        self.assert_nothing_changed()

    def test_too_few_goods_change_nothing(self) -> None:
        with self.assertRaisesMessage(NotEnoughGoods, "Ann lacks goods: has 5, needs 6."):
            trade(self.ann, self.bob, goods=6, price=1)
        self.assert_nothing_changed()

    def test_nobody_trades_with_themselves(self) -> None:
        with self.assertRaisesMessage(InvalidTrade, "Ann can't trade with themselves."):
            trade(self.ann, Player.objects.get(pk=self.ann.pk), goods=1, price=1)
        self.assert_nothing_changed()

    def test_amounts_are_positive(self) -> None:
        for goods, price, message in (
            (0, 1, "A trade needs at least 1 goods, not 0."),
            (-1, 1, "A trade needs at least 1 goods, not -1."),
            (1, 0, "A trade needs a price of at least 1 coin, not 0."),
            (1, -5, "A trade needs a price of at least 1 coin, not -5."),
        ):
            with (
                self.subTest(goods=goods, price=price),
                self.assertRaisesMessage(InvalidTrade, message),
            ):
                trade(self.ann, self.bob, goods, price)
        self.assert_nothing_changed()

    def test_every_refusal_is_a_trade_error(self) -> None:
        for error in (InvalidTrade, NotEnoughCoins, NotEnoughGoods):
            self.assertTrue(issubclass(error, TradeError))

    def test_a_failure_after_the_first_save_undoes_it(self) -> None:
        save = Player.save

        def fail_for_bob(player: Player) -> None:
            if player.name == "Bob":
                raise RuntimeError("connection lost")
            save(player)

        with (
            mock.patch.object(Player, "save", fail_for_bob),
            self.assertRaisesMessage(RuntimeError, "connection lost"),
        ):
            trade(self.ann, self.bob, goods=1, price=10)
        self.assert_nothing_changed()

    def test_decides_by_the_database_not_by_stale_objects(self) -> None:
        Player.objects.filter(pk=self.bob.pk).update(coins=7)
        with self.assertRaisesMessage(NotEnoughCoins, "Bob lacks coins: has 7, needs 30."):
            trade(self.ann, self.bob, goods=1, price=30)
        self.assert_stored(ann=(10, 5), bob=(7, 0))

    def test_a_deleted_player_does_not_come_back(self) -> None:
        Player.objects.filter(pk=self.bob.pk).delete()
        with self.assertRaises(Player.DoesNotExist):
            trade(self.ann, self.bob, goods=1, price=1)
        self.assertEqual(Player.objects.get().goods, 5)

    def test_locks_both_rows_lower_key_first(self) -> None:
        refresh = Player.refresh_from_db
        for seller, buyer in ((self.ann, self.bob), (self.bob, self.ann)):
            with self.subTest(seller=seller.name):
                with (
                    mock.patch.object(
                        Player, "refresh_from_db", autospec=True, side_effect=refresh
                    ) as refreshed,
                    CaptureQueriesContext(connection) as queries,
                ):
                    trade(seller, buyer, goods=1, price=1)
                locked = [call.args[0].pk for call in refreshed.call_args_list]
                self.assertEqual(locked, [self.ann.pk, self.bob.pk])
                if connection.features.has_select_for_update:
                    locks = [sql for sql in queries if "FOR UPDATE" in sql["sql"]]
                    self.assertEqual(len(locks), 2)
