"""The pages as a visitor uses them."""

from unittest import mock

from django.contrib.auth import get_user_model
from django.contrib.staticfiles import finders
from django.db import DataError
from django.http import HttpResponse
from django.test import Client, TestCase
from django.urls import reverse

from players.forms import TradeForm
from players.models import Player
from players.trading import TradeError

HOME = reverse("players:list")


class PageTestCase(TestCase):
    def post(self, name: str, /, *args: int, **data: object) -> HttpResponse:
        """Send a form and follow to the page that the visitor then sees."""
        return self.client.post(reverse(f"players:{name}", args=args), data, follow=True)

    def assert_message(self, response: HttpResponse, message: str) -> None:
        self.assertRedirects(response, HOME)
        self.assertEqual([str(m) for m in response.context["messages"]], [message])
        self.assertContains(response, message)

    def assert_refused(self, response: HttpResponse, field: str | None, error: str) -> None:
        """The form comes back, says that nothing changed, and why, at the right place."""
        self.assertEqual(response.redirect_chain, [])
        self.assertFormError(response.context["form"], field, error)
        self.assertContains(response, 'role="alert"')
        self.assertContains(response, "<title>Error: ")
        self.assertContains(response, error)


class ListTests(PageTestCase):
    def test_says_so_when_there_are_no_players(self) -> None:
        response = self.client.get(HOME)
        self.assertContains(response, "There are no players yet.")
        self.assertNotContains(response, "<table")
        self.assertNotContains(response, reverse("players:delete-all"))

    def test_shows_what_each_player_has_and_the_ways_to_change_it(self) -> None:
        player = Player.objects.create(name="Ann", coins=123, goods=45)
        response = self.client.get(HOME)
        self.assertContains(response, "1 player. Times are in UTC.")
        self.assertContains(response, '<th scope="row">Ann</th>', html=True)
        for number in (player.pk, 123, 45):
            self.assertContains(response, f'<td class="number">{number}</td>', html=True)
        created = f"{player.created_at:%Y-%m-%d %H:%M:%S}"
        self.assertContains(response, created)
        for name in ("edit", "delete"):
            self.assertContains(response, reverse(f"players:{name}", args=[player.pk]))
        for name in ("create", "create-several", "delete-all"):
            self.assertContains(response, reverse(f"players:{name}"))

    def test_offers_a_trade_once_there_are_two_players(self) -> None:
        form = f'action="{reverse("players:trade")}"'
        Player.objects.create(name="Ann")
        self.assertNotContains(self.client.get(HOME), form)
        Player.objects.create(name="Bob")
        self.assertContains(self.client.get(HOME), form)

    def test_ids_of_the_three_forms_differ(self) -> None:
        Player.objects.bulk_create([Player(name="Ann"), Player(name="Bob")])
        page = self.client.get(HOME).content.decode()
        for field in ("new-goods", "trade-goods", "several-count"):
            self.assertEqual(page.count(f'id="{field}"'), 1)

    def test_names_are_escaped(self) -> None:
        Player.objects.create(name="<b>Ann</b>")
        self.assertContains(self.client.get(HOME), "&lt;b&gt;Ann&lt;/b&gt;")
        self.assertNotContains(self.client.get(HOME), "<b>Ann")

    def test_shows_twenty_players_a_page(self) -> None:
        Player.objects.bulk_create(Player(name=f"P{number}") for number in range(45))
        for page, count in ((1, 20), (2, 20), (3, 5)):
            response = self.client.get(HOME, {"page": page})
            self.assertEqual(len(response.context["player_list"]), count)
            self.assertContains(response, f"Page {page} of 3")
        self.assertContains(self.client.get(HOME), 'href="?page=2"')
        self.assertEqual(
            [player.name for player in self.client.get(HOME, {"page": 3}).context["player_list"]],
            ["P40", "P41", "P42", "P43", "P44"],
        )

    def test_an_odd_page_number_shows_the_nearest_page(self) -> None:
        Player.objects.bulk_create(Player(name=f"P{number}") for number in range(21))
        for page, shown in (("9", 2), ("0", 2), ("x", 1)):
            self.assertContains(self.client.get(HOME, {"page": page}), f"Page {shown} of 2")

    def test_loads_nothing_from_other_hosts(self) -> None:
        response = self.client.get(HOME)
        self.assertNotContains(response, "//")
        self.assertContains(response, "/static/players/style.css")
        self.assertIsNotNone(finders.find("players/style.css"))


class CreateTests(PageTestCase):
    def test_creates_one_player(self) -> None:
        response = self.post("create", name="Zoë Åström", coins=0, goods=7)
        self.assert_message(response, "Created Zoë Åström.")
        player = Player.objects.get()
        self.assertEqual((player.name, player.coins, player.goods), ("Zoë Åström", 0, 7))

    def test_form_starts_with_the_defaults(self) -> None:
        response = self.client.get(reverse("players:create"))
        self.assertContains(response, 'name="coins" value="100"')
        self.assertContains(response, 'name="goods" value="1"')

    def test_refuses_bad_input(self) -> None:
        good = {"name": "Ann", "coins": 1, "goods": 1}
        for field, value, error in (
            ("name", "", "This field is required."),
            ("name", "   ", "This field is required."),
            ("name", "x" * 33, "Ensure this value has at most 32 characters (it has 33)."),
            ("coins", -1, "Ensure this value is greater than or equal to 0."),
            ("goods", -1, "Ensure this value is greater than or equal to 0."),
            ("goods", "many", "Enter a whole number."),
            ("coins", 2**31, "Ensure this value is less than or equal to 2147483647."),
        ):
            with self.subTest(field=field, value=value):
                self.assert_refused(self.post("create", **{**good, field: value}), field, error)
        self.assertFalse(Player.objects.exists())

    def test_creates_several_with_generated_names(self) -> None:
        self.assert_message(self.post("create-several", count=3), "Created 3 players.")
        self.assert_message(self.post("create-several", count=1), "Created 1 player.")
        names = Player.objects.order_by("pk").values_list("name", flat=True)
        self.assertEqual(list(names), ["Player 1", "Player 2", "Player 3", "Player 4"])

    def test_several_is_a_number_from_1_to_1000(self) -> None:
        for count, error in (
            ("", "This field is required."),
            (0, "Ensure this value is greater than or equal to 1."),
            (1001, "Ensure this value is less than or equal to 1000."),
        ):
            with self.subTest(count=count):
                self.assert_refused(self.post("create-several", count=count), "count", error)
        self.assertFalse(Player.objects.exists())


class EditTests(PageTestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        cls.ann = Player.objects.create(name="Ann", coins=10, goods=5)

    def test_shows_and_saves_a_player(self) -> None:
        response = self.client.get(reverse("players:edit", args=[self.ann.pk]))
        self.assertContains(response, 'value="Ann"')
        response = self.post("edit", self.ann.pk, name="Anna", coins=11, goods=6)
        self.assert_message(response, "Saved Anna.")
        player = Player.objects.get()
        self.assertEqual((player.name, player.coins, player.goods), ("Anna", 11, 6))

    def test_refuses_bad_input(self) -> None:
        response = self.post("edit", self.ann.pk, name="Ann", coins=-1, goods=5)
        self.assert_refused(response, "coins", "Ensure this value is greater than or equal to 0.")
        self.assertEqual(Player.objects.get().coins, 10)

    def test_an_unknown_player_is_not_found(self) -> None:
        for name in ("edit", "delete"):
            for pk in (self.ann.pk + 1, 10**30):
                response = self.client.get(reverse(f"players:{name}", args=[pk]))
                self.assertEqual(response.status_code, 404)


class DeleteTests(PageTestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        cls.ann = Player.objects.create(name="Ann")
        cls.bob = Player.objects.create(name="Bob")

    def test_asks_first(self) -> None:
        response = self.client.get(reverse("players:delete", args=[self.ann.pk]))
        self.assertContains(response, "<h1>Delete Ann?</h1>", html=True)
        response = self.client.get(reverse("players:delete-all"))
        self.assertContains(response, "<h1>Delete all players (2)?</h1>", html=True)
        self.assertEqual(Player.objects.count(), 2)

    def test_deletes_one_player(self) -> None:
        self.assert_message(self.post("delete", self.ann.pk), "Deleted Ann.")
        self.assertEqual(Player.objects.get(), self.bob)

    def test_deletes_all_players(self) -> None:
        response = self.post("delete-all")
        self.assert_message(response, "Deleted 2 players.")
        self.assertContains(response, "There are no players yet.")
        self.assertFalse(Player.objects.exists())

    def test_a_form_without_the_csrf_token_is_refused(self) -> None:
        client = Client(enforce_csrf_checks=True)
        paths = [reverse("players:delete", args=[self.ann.pk])]
        paths += [reverse(f"players:{name}") for name in ("delete-all", "create", "trade")]
        for path in paths:
            with self.subTest(path=path):
                self.assertEqual(client.post(path).status_code, 403)
        self.assertEqual(Player.objects.count(), 2)


class TradePageTests(PageTestCase):
    @classmethod
    def setUpTestData(cls) -> None:
        cls.ann = Player.objects.create(name="Ann", coins=10, goods=5)
        cls.bob = Player.objects.create(name="Bob", coins=100, goods=0)

    def trade(self, **changes: object) -> HttpResponse:
        terms = {"seller": self.ann.pk, "buyer": self.bob.pk, "goods": 2, "price": 30}
        return self.post("trade", **{**terms, **changes})

    def owned(self) -> list[tuple[str, int, int]]:
        return list(Player.objects.order_by("pk").values_list("name", "coins", "goods"))

    def assert_refused(self, response: HttpResponse, field: str | None, error: str) -> None:
        super().assert_refused(response, field, error)
        self.assertEqual(self.owned(), [("Ann", 10, 5), ("Bob", 100, 0)])

    def test_two_players_trade(self) -> None:
        self.assert_message(self.trade(), "Ann sold 2 goods to Bob for 30 coins.")
        self.assertEqual(self.owned(), [("Ann", 40, 3), ("Bob", 70, 2)])

    def test_says_who_lacks_coins(self) -> None:
        error = "Bob lacks coins: has 100, needs 101."
        self.assert_refused(self.trade(price=101), "price", error)

    def test_says_who_lacks_goods(self) -> None:
        self.assert_refused(self.trade(goods=6), "goods", "Ann lacks goods: has 5, needs 6.")

    def test_refuses_bad_input(self) -> None:
        at_least_1 = "Ensure this value is greater than or equal to 1."
        unknown = "Select a valid choice. That choice is not one of the available choices."
        for field, value, error in (
            ("buyer", self.ann.pk, "Choose someone other than the seller."),
            ("seller", "", "This field is required."),
            ("seller", self.bob.pk + 1, unknown),
            ("goods", 0, at_least_1),
            ("price", -3, at_least_1),
        ):
            with self.subTest(field=field, value=value):
                self.assert_refused(self.trade(**{field: value}), field, error)

    def test_says_what_only_the_trade_itself_finds(self) -> None:
        for raised, error in (
            (TradeError("No trade today."), "No trade today."),
            (Player.DoesNotExist, "One of the players has just been deleted."),
            (DataError, "One of the players would own more than the database can hold."),
        ):
            with self.subTest(error=error):
                with mock.patch("players.views.trade", side_effect=raised):
                    response = self.trade()
                self.assert_refused(response, None, error)

    def test_the_link_in_the_list_chooses_the_seller(self) -> None:
        path = f"{reverse('players:trade')}?seller={self.bob.pk}"
        self.assertContains(self.client.get(HOME), path)
        self.assertContains(
            self.client.get(path),
            f'<option value="{self.bob.pk}" selected>'
            f"#{self.bob.pk} Bob (coins: 100, goods: 0)</option>",
            html=True,
        )

    def test_ids_are_typed_when_there_are_many_players(self) -> None:
        with mock.patch.object(TradeForm, "MAX_LISTED", 1):
            response = self.client.get(reverse("players:trade"))
            self.assertContains(response, "Seller&#x27;s ID")
            self.assertNotContains(response, "<select")
            self.assert_message(self.trade(), "Ann sold 2 goods to Bob for 30 coins.")


class AdminTests(TestCase):
    def test_lists_and_finds_players(self) -> None:
        Player.objects.bulk_create([Player(name="Ann"), Player(name="Bob")])
        self.client.force_login(get_user_model().objects.create_superuser("root"))
        path = reverse("admin:players_player_changelist")
        self.assertContains(self.client.get(path), "Bob")
        response = self.client.get(path, {"q": "Ann"})
        self.assertContains(response, "Ann")
        self.assertNotContains(response, "Bob")
