from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from notes.models import Note


def every_note(request: HttpRequest) -> HttpResponse:
    context = {"notes": Note.objects.order_by("text"), "greeting": settings.GREETING}
    return render(request, "notes/list.html", context)
