"""The forms on the players' pages; everything a visitor sends is checked here."""

from typing import Any

from django import forms

from .models import Player

#: The most that an INT column of TiDB and MySQL holds.
MAX_AMOUNT = 2_147_483_647


class PlayerForm(forms.ModelForm):
    """One player, new or existing."""

    coins = forms.IntegerField(min_value=0, max_value=MAX_AMOUNT, initial=100)
    goods = forms.IntegerField(min_value=0, max_value=MAX_AMOUNT, initial=1)

    class Meta:
        model = Player
        fields = ("name", "coins", "goods")


class SeveralPlayersForm(forms.Form):
    """How many players to make at once."""

    count = forms.IntegerField(
        label="How many",
        min_value=1,
        max_value=1000,
        initial=10,
        help_text="1 to 1000; they are named Player 1, Player 2 and so on.",
    )

    def save(self) -> list[Player]:
        """Create the players in one INSERT, numbered on from those that exist."""
        first = Player.objects.count() + 1
        numbers = range(first, first + self.cleaned_data["count"])
        return Player.objects.bulk_create(Player(name=f"Player {number}") for number in numbers)


class PlayerChoiceField(forms.ModelChoiceField):
    """A player, told from others of the same name by the ID."""

    def label_from_instance(self, player: Player) -> str:
        return f"#{player.pk} {player}"


class TradeForm(forms.Form):
    """Who sells how many goods to whom, and for how much."""

    #: Above this, IDs are typed: a list of thousands is slow to load and no help to choose from.
    MAX_LISTED = 200

    seller = PlayerChoiceField(Player.objects.order_by("pk"), empty_label="Choose a player")
    buyer = PlayerChoiceField(Player.objects.order_by("pk"), empty_label="Choose a player")
    goods = forms.IntegerField(min_value=1, max_value=MAX_AMOUNT, initial=1)
    price = forms.IntegerField(
        label="Price in coins, for all of the goods", min_value=1, max_value=MAX_AMOUNT, initial=10
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if Player.objects.count() > self.MAX_LISTED:
            for name in ("seller", "buyer"):
                self.fields[name].widget = forms.NumberInput(attrs={"min": 1})
                self.fields[name].label = f"{name.capitalize()}'s ID"

    def clean(self) -> dict[str, Any]:
        cleaned_data = super().clean()
        seller = cleaned_data.get("seller")
        if seller and seller == cleaned_data.get("buyer"):
            self.add_error("buyer", "Choose someone other than the seller.")
        return cleaned_data
