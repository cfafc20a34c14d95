"""Which database the settings choose, and what they say when they can't.

Settings are read once a process, so each case is a process of its own, on a copy of the
settings: a .env that lies beside the real ones is neither read nor changed.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from django.conf import settings
from django.test import SimpleTestCase

READ_SETTINGS = """
import json
from sample_project import settings
names = ("DATABASES", "DEBUG", "SECRET_KEY", "ALLOWED_HOSTS")
print(json.dumps({name: getattr(settings, name) for name in names}, default=str))
"""

TIDB = {
    "TIDB_HOST": "tidb.example",
    "TIDB_USER": "root",
    "TIDB_PASSWORD": "secret",
    "TIDB_DB_NAME": "game",
}


#: Without them most of many trades at once fail.
SQLITE_OPTIONS = {"transaction_mode": "IMMEDIATE", "timeout": 30}


class SettingsTestCase(SimpleTestCase):
    def setUp(self) -> None:
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()
        shutil.copytree(settings.BASE_DIR / "sample_project", self.folder / "sample_project")

    def run_settings(self, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
        inherited = {
            name: value
            for name, value in os.environ.items()
            if not name.startswith(("TIDB_", "DJANGO_", "DB_")) and name != "CA_PATH"
        }
        return subprocess.run(
            [sys.executable, "-c", READ_SETTINGS],
            cwd=self.folder,
            env={**inherited, "PYTHONDONTWRITEBYTECODE": "1", **environment},
            capture_output=True,
            text=True,
            timeout=60,
        )

    def read(self, **environment: str) -> dict[str, object]:
        """The settings that the environment (and the .env written before) leads to."""
        done = self.run_settings(environment)
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)

    def database(self, **environment: str) -> dict[str, object]:
        return self.read(**environment)["DATABASES"]["default"]

    def error(self, **environment: str) -> str:
        """The message of the ImproperlyConfigured that stops the settings."""
        done = self.run_settings(environment)
        self.assertNotEqual(done.returncode, 0, done.stdout)
        _, found, message = done.stderr.partition("exceptions.ImproperlyConfigured: ")
        self.assertTrue(found, done.stderr)
        return message.strip()

    def write_dotenv(self, text: str) -> None:
        (self.folder / ".env").write_text(text, encoding="utf-8")


class SQLiteTests(SettingsTestCase):
    def test_is_chosen_when_nothing_names_tidb(self) -> None:
        for environment in ({}, dict.fromkeys(TIDB, ""), {"TIDB_DEPLOYMENT": "serverless"}):
            with self.subTest(environment=environment):
                database = self.database(**environment)
                self.assertEqual(database["ENGINE"], "django.db.backends.sqlite3")
                self.assertEqual(database["NAME"], str(self.folder / "db.sqlite3"))
                self.assertEqual(database["OPTIONS"], SQLITE_OPTIONS)


class OtherDatabaseTests(SettingsTestCase):
    def test_sqlite_has_the_options_of_the_default_one(self) -> None:
        engine = "django.db.backends.sqlite3"
        database = self.database(DB_ENGINE=engine, DB_NAME="other.sqlite3")
        self.assertEqual((database["NAME"], database["OPTIONS"]), ("other.sqlite3", SQLITE_OPTIONS))

    def test_is_the_one_that_db_engine_names_even_beside_a_tidb(self) -> None:
        self.write_dotenv("DB_ENGINE='django.db.backends.postgresql'\nDB_NAME='notes'\n")
        self.assertEqual(
            self.database(**TIDB, DB_HOST="db.example", DB_PORT="5432", DB_USER="me"),
            {
                "ENGINE": "django.db.backends.postgresql",
                "HOST": "db.example",
                "PORT": "5432",
                "USER": "me",
                "PASSWORD": "",
                "NAME": "notes",
            },
        )


class TiDBTests(SettingsTestCase):
    def test_takes_its_values_from_the_environment(self) -> None:
        self.assertEqual(
            self.database(**TIDB, TIDB_PORT="4001"),
            {
                "ENGINE": "django_tidb",
                "HOST": "tidb.example",
                "PORT": "4001",
                "USER": "root",
                "PASSWORD": "secret",
                "NAME": "game",
                "OPTIONS": {"charset": "utf8mb4"},
            },
        )

    def test_port_is_4000_unless_said(self) -> None:
        self.assertEqual(self.database(**TIDB)["PORT"], "4000")
        self.assertEqual(self.database(**TIDB, TIDB_PORT="")["PORT"], "4000")

    def test_password_may_be_empty(self) -> None:
        self.assertEqual(self.database(**{**TIDB, "TIDB_PASSWORD": ""})["PASSWORD"], "")

    def test_ca_path_turns_on_verification_of_the_host(self) -> None:
        ca = self.folder / "ca.pem"
        ca.touch()
        options = self.database(**TIDB, CA_PATH=str(ca))["OPTIONS"]
        self.assertEqual(options["ssl_mode"], "VERIFY_IDENTITY")
        self.assertEqual(options["ssl"], {"ca": str(ca)})

    def test_empty_ca_path_is_none(self) -> None:
        self.assertEqual(self.database(**TIDB, CA_PATH="")["OPTIONS"], {"charset": "utf8mb4"})


class ErrorTests(SettingsTestCase):
    def test_each_missing_variable_is_named(self) -> None:
        for name in ("TIDB_HOST", "TIDB_USER", "TIDB_PASSWORD", "TIDB_DB_NAME"):
            with self.subTest(name=name):
                message = self.error(**{key: TIDB[key] for key in TIDB if key != name})
                self.assertTrue(message.startswith(f"{name} is not set"), message)
                self.assertEqual(len(message.splitlines()), 1)

    def test_an_empty_variable_is_missing(self) -> None:
        for name in ("TIDB_HOST", "TIDB_USER", "TIDB_DB_NAME"):
            with self.subTest(name=name):
                message = self.error(**{**TIDB, name: ""})
                self.assertTrue(message.startswith(f"{name} is not set"), message)

    def test_any_variable_without_the_host_is_an_oversight(self) -> None:
        for name, value in (*TIDB.items(), ("TIDB_PORT", "4000")):
            if name != "TIDB_HOST":
                with self.subTest(name=name):
                    first_line = self.error(**{name: value}).splitlines()[0]
                    self.assertIn(f"TIDB_HOST is not set, but these are: {name}.", first_line)
                    self.assertIn("to use SQLite", first_line)

    def test_all_that_is_wrong_is_said_at_once(self) -> None:
        lines = self.error(TIDB_HOST="tidb.example", TIDB_PORT="x").splitlines()
        self.assertEqual(
            [line.split()[0] for line in lines],
            ["TIDB_USER", "TIDB_DB_NAME", "TIDB_PASSWORD", "TIDB_PORT"],
        )

    def test_a_port_that_is_no_port_is_named(self) -> None:
        for port in ("http", "4000x", "-1", "0", "65536", "٤٠٠٠"):
            with self.subTest(port=port):
                message = self.error(**TIDB, TIDB_PORT=port)
                self.assertTrue(message.startswith("TIDB_PORT is "), message)

    def test_a_missing_ca_file_is_named(self) -> None:
        message = self.error(**TIDB, CA_PATH="certs/no-such.pem")
        path = self.folder / "certs" / "no-such.pem"
        self.assertIn(f"CA_PATH names {path}, and there is no such file.", message)

    def test_a_placeholder_left_in_place_is_named_and_not_repeated(self) -> None:
        for name in (*TIDB, "TIDB_PORT", "CA_PATH"):
            for placeholder in ("{my_value}", "<my-value>", "${my_value}"):
                with self.subTest(name=name, placeholder=placeholder):
                    message = self.error(**{**TIDB, name: placeholder})
                    self.assertIn(f"{name} still holds a placeholder.", message)
                    self.assertNotIn(placeholder, message)

    def test_an_untouched_copy_of_the_example_is_noticed(self) -> None:
        shutil.copy(settings.BASE_DIR / ".env.example", self.folder / ".env")
        lines = self.error().splitlines()
        self.assertEqual(
            [line.split()[0] for line in lines],
            ["TIDB_HOST", "TIDB_USER", "TIDB_PASSWORD", "TIDB_DB_NAME", "CA_PATH"],
        )

    def test_a_password_is_no_placeholder_for_its_brackets(self) -> None:
        for password in ("a{b}c", "{", "<>", "{1}", "p<q"):
            with self.subTest(password=password):
                database = self.database(**{**TIDB, "TIDB_PASSWORD": password})
                self.assertEqual(database["PASSWORD"], password)


class DotenvTests(SettingsTestCase):
    def test_is_read(self) -> None:
        self.write_dotenv("".join(f"{name}='{value}'\n" for name, value in TIDB.items()))
        self.assertEqual(self.database()["HOST"], "tidb.example")

    def test_the_process_environment_wins(self) -> None:
        self.write_dotenv("".join(f"{name}='{value}'\n" for name, value in TIDB.items()))
        database = self.database(TIDB_HOST="other.example", TIDB_PASSWORD="")
        self.assertEqual(database["HOST"], "other.example")
        self.assertEqual(database["PASSWORD"], "")
        self.assertEqual(database["USER"], "root")

    def test_values_are_taken_as_written(self) -> None:
        self.write_dotenv(
            "TIDB_HOST=tidb.example  # a comment\nTIDB_USER='abc.root'\n"
            "TIDB_PASSWORD='a${HOME}#b'\nTIDB_DB_NAME=game\n"
        )
        database = self.database()
        self.assertEqual(database["HOST"], "tidb.example")
        self.assertEqual(database["PASSWORD"], "a${HOME}#b")


class DeploymentTests(SettingsTestCase):
    def test_works_out_of_the_box_on_this_machine(self) -> None:
        values = self.read()
        self.assertIs(values["DEBUG"], True)
        self.assertTrue(values["SECRET_KEY"])
        self.assertEqual(values["ALLOWED_HOSTS"], ["localhost", "127.0.0.1", "[::1]"])

    def test_without_debug_a_secret_key_is_needed(self) -> None:
        self.assertIn("DJANGO_SECRET_KEY is not set.", self.error(DJANGO_DEBUG="false"))
        values = self.read(
            DJANGO_DEBUG="false", DJANGO_SECRET_KEY="k", DJANGO_ALLOWED_HOSTS="a.example, b.example"
        )
        self.assertIs(values["DEBUG"], False)
        self.assertEqual(values["SECRET_KEY"], "k")
        self.assertEqual(values["ALLOWED_HOSTS"], ["a.example", "b.example"])
