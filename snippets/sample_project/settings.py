"""Settings of the sample project: the database that the environment names, SQLite otherwise."""

import os
from pathlib import Path

from django.core.exceptions import ImproperlyConfigured
from dotenv import dotenv_values

from .environment import wants_tidb

BASE_DIR = Path(__file__).resolve().parent.parent

# The process environment wins over .env. Values are taken as they are written
# (interpolate=False), so that a password may contain "${".
# [start: environment]
env = {**dotenv_values(BASE_DIR / ".env", interpolate=False), **os.environ}
# [end: environment]

DEBUG = (env.get("DJANGO_DEBUG") or "true").lower() in {"1", "true", "yes", "on"}
SECRET_KEY = env.get("DJANGO_SECRET_KEY") or "django-insecure-for-development-on-this-machine-only"
if not DEBUG and not env.get("DJANGO_SECRET_KEY"):
    raise ImproperlyConfigured(
        "DJANGO_SECRET_KEY is not set. Set it to a long random string when DJANGO_DEBUG is off."
    )
hosts = env.get("DJANGO_ALLOWED_HOSTS") or "localhost,127.0.0.1,[::1]"
ALLOWED_HOSTS = [host.strip() for host in hosts.split(",") if host.strip()]

if env.get("DB_ENGINE"):
    # Any database of Django, such as DB_ENGINE=django.db.backends.postgresql.
    # [start: any]
    DATABASES = {
        "default": {
            "ENGINE": env["DB_ENGINE"],
            "HOST": env.get("DB_HOST") or "",
            "PORT": env.get("DB_PORT") or "",
            "USER": env.get("DB_USER") or "",
            "PASSWORD": env.get("DB_PASSWORD") or "",
            "NAME": env.get("DB_NAME") or "",
        }
    }
    # [end: any]
    if env["DB_ENGINE"] == "django.db.backends.sqlite3":
        # As below: without them most of many trades at once fail with "database is locked".
        DATABASES["default"]["OPTIONS"] = {"transaction_mode": "IMMEDIATE", "timeout": 30}
elif wants_tidb(env):
    # [start: tidb]
    DATABASES = {
        "default": {
            "ENGINE": "django_tidb",
            "HOST": env["TIDB_HOST"],
            "PORT": env.get("TIDB_PORT") or "4000",
            "USER": env["TIDB_USER"],
            "PASSWORD": env["TIDB_PASSWORD"],
            "NAME": env["TIDB_DB_NAME"],
            "OPTIONS": {"charset": "utf8mb4"},
        }
    }
    # [end: tidb]
    if env.get("CA_PATH"):
        # [start: tls]
        # A CA alone would accept its certificate on any host; this checks the host's name too.
        DATABASES["default"]["OPTIONS"]["ssl_mode"] = "VERIFY_IDENTITY"
        DATABASES["default"]["OPTIONS"]["ssl"] = {"ca": env["CA_PATH"]}
        # [end: tls]
else:
    # [start: sqlite]
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.sqlite3",
            "NAME": BASE_DIR / "db.sqlite3",
            # SQLite has no SELECT ... FOR UPDATE. Taking the write lock when a transaction
            # begins makes a second trade wait, instead of failing with "database is locked".
            # It waits 5 seconds by default, which many trades at once take longer than.
            "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 30},
        }
    }
    # [end: sqlite]

DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "library",
    "players",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ],
        },
    },
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator"},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

ROOT_URLCONF = "sample_project.urls"
WSGI_APPLICATION = "sample_project.wsgi.application"
STATIC_URL = "static/"

LANGUAGE_CODE = "en"
USE_TZ = True
TIME_ZONE = "UTC"
