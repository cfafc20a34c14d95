from django.urls import path
from notes.views import every_note

urlpatterns = [path("", every_note)]
