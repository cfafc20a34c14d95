"""Settings for the pages; a run puts its own database in the place of this one."""

from pathlib import Path

SECRET_KEY = "for pages alone"
INSTALLED_APPS = ["books"]
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": Path(__file__).resolve().parent / "db.sqlite3",
    }
}
USE_TZ = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
