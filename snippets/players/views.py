"""The pages: a list of players, and a form or a confirmation for each thing to do with them."""

from typing import Any

from django.contrib import messages
from django.contrib.messages.views import SuccessMessageMixin
from django.core.paginator import Page, Paginator
from django.db import DataError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse_lazy
from django.views.decorators.http import require_http_methods
from django.views.generic import CreateView, DeleteView, FormView, ListView, UpdateView

from .forms import PlayerForm, SeveralPlayersForm, TradeForm
from .models import Player
from .trading import NotEnoughCoins, NotEnoughGoods, TradeError, trade

HOME = reverse_lazy("players:list")


def players(count: int) -> str:
    """Name a number of players: `1 player`, `2 players`."""
    return "1 player" if count == 1 else f"{count} players"


class PlayerListView(ListView):
    """All players, twenty to a page, with the forms to add players and to trade."""

    queryset = Player.objects.order_by("pk")
    paginate_by = 20

    def paginate_queryset(
        self, queryset: QuerySet[Player], page_size: int
    ) -> tuple[Paginator, Page, QuerySet[Player], bool]:
        """Show the nearest page instead of an error when the asked one has been emptied."""
        page = self.get_paginator(queryset, page_size).get_page(self.request.GET.get("page"))
        return page.paginator, page, page.object_list, page.has_other_pages()

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        # Each form numbers its fields' ids by its own name: all three are on one page.
        return super().get_context_data(
            player_form=PlayerForm(auto_id="new-%s"),
            several_form=SeveralPlayersForm(auto_id="several-%s"),
            trade_form=TradeForm(auto_id="trade-%s"),
            **kwargs,
        )


class PlayerCreateView(SuccessMessageMixin, CreateView):
    """Create one player."""

    model = Player
    form_class = PlayerForm
    template_name = "players/form.html"
    title = "New player"
    button = "Create player"
    success_message = "Created %(name)s."
    success_url = HOME


class PlayerCreateSeveralView(FormView):
    """Create many players with generated names."""

    form_class = SeveralPlayersForm
    template_name = "players/form.html"
    title = "Several players"
    button = "Create players"
    success_url = HOME

    def form_valid(self, form: SeveralPlayersForm) -> HttpResponse:
        messages.success(self.request, f"Created {players(len(form.save()))}.")
        return super().form_valid(form)


class PlayerEditView(SuccessMessageMixin, UpdateView):
    """Change a player's name, coins or goods."""

    model = Player
    form_class = PlayerForm
    template_name = "players/form.html"
    title = "Edit player"
    button = "Save changes"
    success_message = "Saved %(name)s."
    success_url = HOME


class PlayerDeleteView(DeleteView):
    """Delete one player, after asking."""

    model = Player
    template_name = "players/confirm_delete.html"
    success_url = HOME

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        return super().get_context_data(what=self.object.name, **kwargs)

    def form_valid(self, form: Any) -> HttpResponse:
        messages.success(self.request, f"Deleted {self.object.name}.")
        return super().form_valid(form)


@require_http_methods(["GET", "HEAD", "POST"])
def delete_all(request: HttpRequest) -> HttpResponse:
    """Delete every player, after asking."""
    if request.method == "POST":
        deleted, _ = Player.objects.all().delete()
        messages.success(request, f"Deleted {players(deleted)}.")
        return redirect(HOME)
    what = f"all players ({Player.objects.count()})"
    return render(request, "players/confirm_delete.html", {"what": what})


class TradeView(FormView):
    """Let two players trade; a refused trade comes back with the reason at its field."""

    form_class = TradeForm
    template_name = "players/form.html"
    title = "Trade"
    button = "Trade"
    success_url = HOME

    def get_initial(self) -> dict[str, Any]:
        return {"seller": self.request.GET.get("seller")}

    def form_valid(self, form: TradeForm) -> HttpResponse:
        deal = form.cleaned_data
        try:
            trade(**deal)
        except NotEnoughGoods as error:
            form.add_error("goods", str(error))
        except NotEnoughCoins as error:
            form.add_error("price", str(error))
        except TradeError as error:
            form.add_error(None, str(error))
        except Player.DoesNotExist:
            form.add_error(None, "One of the players has just been deleted.")
        except DataError:
            form.add_error(None, "One of the players would own more than the database can hold.")
        if form.errors:
            return self.form_invalid(form)
        messages.success(
            self.request,
            f"{deal['seller'].name} sold {deal['goods']} goods to {deal['buyer'].name} "
            f"for {deal['price']} coins.",
        )
        return super().form_valid(form)
