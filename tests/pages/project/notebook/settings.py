"""TiDB when .env or the environment names one, SQLite otherwise."""

import os
from pathlib import Path

from dotenv import dotenv_values

BASE_DIR = Path(__file__).resolve().parent.parent
env = {**dotenv_values(BASE_DIR / ".env", interpolate=False), **os.environ}

if env.get("TIDB_HOST"):
    # [start: tidb]
    DATABASES = {
        "default": {
            "ENGINE": "django_tidb",
            "HOST": env["TIDB_HOST"],
            "PORT": env["TIDB_PORT"],
            "USER": env["TIDB_USER"],
            "PASSWORD": env["TIDB_PASSWORD"],
            "NAME": env["TIDB_DB_NAME"],
            "OPTIONS": {"charset": "utf8mb4"},
        }
    }
    # [end: tidb]
    # [start: tls]
    if env.get("CA_PATH"):
        DATABASES["default"]["OPTIONS"]["ssl_mode"] = "VERIFY_IDENTITY"
        DATABASES["default"]["OPTIONS"]["ssl"] = {"ca": env["CA_PATH"]}
    # [end: tls]
else:
    # [start: sqlite]
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": BASE_DIR / "db.sqlite3",
        }
    }
    # [end: sqlite]

GREETING = env.get("GREETING") or "Hello"
SECRET_KEY = "only-for-tests"
DEBUG = True
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = ["notes"]
ROOT_URLCONF = "notebook.urls"
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
USE_TZ = True
