"""What a player is, as the database keeps it."""

from datetime import timedelta

from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.test import TestCase
from django.utils import timezone

from players.models import Player


class PlayerTests(TestCase):
    def test_a_new_player_has_100_coins_and_1_goods(self) -> None:
        player = Player.objects.get(pk=Player.objects.create(name="Ann").pk)
        self.assertEqual((player.name, player.coins, player.goods), ("Ann", 100, 1))

    def test_prints_as_name_and_belongings(self) -> None:
        self.assertEqual(str(Player(name="Ann", coins=5, goods=2)), "Ann (coins: 5, goods: 2)")

    def test_name_is_required_and_at_most_32_characters(self) -> None:
        for name in ("", "x" * 33):
            with self.subTest(name=name), self.assertRaises(ValidationError) as caught:
                Player(name=name).full_clean()
            self.assertEqual(list(caught.exception.message_dict), ["name"])
        Player(name="x" * 32).full_clean()

    def test_names_beyond_ascii_come_back_unchanged(self) -> None:
        pk = Player.objects.create(name="Zoë Åström").pk
        self.assertEqual(Player.objects.get(pk=pk).name, "Zoë Åström")

    def test_saving_moves_updated_at_only(self) -> None:
        player = Player.objects.create(name="Ann")
        long_ago = timezone.now() - timedelta(days=1)
        Player.objects.update(created_at=long_ago, updated_at=long_ago)
        player.refresh_from_db()
        created_at = player.created_at
        player.save()
        player.refresh_from_db()
        self.assertEqual(player.created_at, created_at)
        self.assertGreater(player.updated_at, created_at + timedelta(hours=23))

    def test_migrations_match_the_models(self) -> None:
        call_command("makemigrations", "--check", "--dry-run", verbosity=0)
