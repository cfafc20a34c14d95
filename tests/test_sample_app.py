"""The sample app under load: trades at once wait for each other, and none is lost."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import REPOSITORY

TRADES = 200

#: Trades back and forth, all begun at once, and what is left in the end.
CODE = f"""
import threading

import django

django.setup()
from django.core.management import call_command
from django.db import connection
from players.models import Player
from players.trading import trade

call_command("migrate", verbosity=0)
ann, bob = (Player.objects.create(name=name, coins=1000, goods=1000) for name in ("Ann", "Bob"))
wrong = []
together = threading.Barrier({TRADES})


def one(number):
    try:
        together.wait(60)
        seller, buyer = (ann, bob) if number % 2 else (bob, ann)
        trade(Player(pk=seller.pk), Player(pk=buyer.pk), goods=1, price=1)
    except Exception as error:
        wrong.append(repr(error))
    finally:
        connection.close()


threads = [threading.Thread(target=one, args=[number]) for number in range({TRADES})]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print(len(wrong), set(wrong), list(Player.objects.order_by("pk").values_list("coins", "goods")))
"""


@pytest.mark.parametrize("named", [True, False])
def test_trades_at_once_wait_for_each_other_on_sqlite(tmp_path: Path, named: bool) -> None:
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "sample_project.settings"}
    settings = ""
    if named:
        engine = "django.db.backends.sqlite3"
        environment |= {"DB_ENGINE": engine, "DB_NAME": str(tmp_path / "a.sqlite3")}
    else:
        # The default one's file is beside manage.py, which is somebody's.
        settings = (
            "from sample_project import settings\n"
            f"settings.DATABASES['default']['NAME'] = {str(tmp_path / 'a.sqlite3')!r}\n"
        )
    done = subprocess.run(
        [sys.executable, "-c", settings + CODE],
        cwd=REPOSITORY / "snippets",
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.stdout.strip() == "0 set() [(1000, 1000), (1000, 1000)]", done.stderr
