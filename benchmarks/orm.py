"""orm.py PAGES BLOCKS FILE [--fork]: the ORM's own share of what `pages.write_orm` writes.

The same calls on the same models, in one process and in autocommit; with --fork, each page in a
fork of its own, which connects. It is run in the folder of the Django project, whose own database
is replaced by the one that FILE has as JSON, emptied before.
"""

import gc
import json
import os
import sys
from functools import partial
from pathlib import Path

import django
from django.conf import settings
from forked import in_fork

pages, blocks = int(sys.argv[1]), int(sys.argv[2])
sys.path.insert(0, os.getcwd())
os.environ["DJANGO_SETTINGS_MODULE"] = "notebook.settings"
settings.DATABASES = {"default": json.loads(Path(sys.argv[3]).read_text())}
django.setup()

from django.core.management import call_command  # noqa: E402
from django.db import connection  # noqa: E402
from notes.models import Note  # noqa: E402


def run(page: int) -> None:
    for number in range(blocks):
        text = f"{page}-{number}"
        Note.objects.create(text=text, stars=number)
        assert Note.objects.get(text=text).stars == number


call_command("migrate", verbosity=0, interactive=False)
run(-1)
Note.objects.all().delete()
if "--fork" in sys.argv:
    connection.close()
    gc.freeze()
for page in range(pages):
    if "--fork" in sys.argv:
        in_fork(partial(run, page))
    else:
        run(page)
