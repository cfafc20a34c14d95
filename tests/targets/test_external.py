"""A URL that names an external server: what it says, and that no message repeats its secrets."""

from pathlib import Path

import pytest

from crossnotes.targets.external import Address, UrlError, address, url

OPTIONS = {"mode": "text", "ca": "file"}


def read(text: str) -> Address:
    return address("X_URL", text, ("db", "database"), 77, OPTIONS)


def test_parts_are_told_apart_and_decoded() -> None:
    found = read("db://us%40er:p%3Aa%2Fs%25s@host.example:99/na%20me?mode=a%26b")
    assert found == Address("host.example", 99, "us@er", "p:a/s%s", "na me", {"mode": "a&b"})


def test_what_is_left_out_has_a_default() -> None:
    assert read("database://user@h") == Address("h", 77, "user", "", "", {})
    assert read("db://user@[::1]/").where == "[::1]:77"


def test_password_is_in_no_repr() -> None:
    assert "hidden" not in repr(read("db://user:hidden@h"))


@pytest.mark.parametrize(
    "found",
    [
        Address("h", 1, "u", "", "", {}),
        Address("::1", 65535, "a b@c", "p:/?#[]@%ü", "d/e", {"mode": "x y&="}),
    ],
)
def test_url_of_an_address_names_it(found: Address) -> None:
    assert read(url("db", found)) == found


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("host.example", "X_URL is not a URL like db://user:password@host:77/"),
        ("mysql://user:hidden@h", "X_URL is not a URL like db://"),
        ("db://user:hidden/1@h", "X_URL is not a URL like db://"),
        ("db://user:hid#den@h", "X_URL is not a URL like db://"),
        ("db://user:hidden@h:port/", "X_URL is not a URL like db://"),
        ("db://user:hidden@h:65536/", "X_URL is not a URL like db://"),
        ("db://user:hidden@[::1", "X_URL is not a URL like db://"),
        ("db://h/hidden", "X_URL names no user; write db://"),
        ("db://user:hidden@/", "X_URL names no host; write db://"),
        ("db://user:<hidden>@h", "X_URL still holds a placeholder; "),
        ("db://user:%7Bhidden%7D@h", "X_URL still holds a placeholder; "),
        ("db://user:hidden@{host}", "X_URL still holds a placeholder; "),
        ("db://user:hidden@h?color=red", "X_URL: unknown option 'color'; known are: mode, ca"),
        ("db://user:hidden@h?ca=/no/such", "X_URL: ca names /no/such, and there is no such file"),
    ],
)
def test_url_that_cannot_be_used_is_told_without_its_secrets(text: str, message: str) -> None:
    with pytest.raises(UrlError) as caught:
        read(text)
    assert str(caught.value).startswith(message)
    assert "hid" not in str(caught.value)


def test_file_of_an_option_has_to_be_there(tmp_path: Path) -> None:
    (tmp_path / "ca.pem").touch()
    assert read(f"db://user@h?ca={tmp_path}/ca.pem").options == {"ca": f"{tmp_path}/ca.pem"}
