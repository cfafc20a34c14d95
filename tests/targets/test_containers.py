"""Servers in containers: what is said where no Docker runs, and real ones where it does."""

import os
from pathlib import Path

import pytest

from crossnotes.targets import containers, every_target, mariadb, mysql, oracle, postgresql, tidb

#: Read before each test gets an environment of its own.
DOCKER_HOST = os.environ.get("DOCKER_HOST")

IMAGES = {
    "mariadb": mariadb.IMAGE,
    "mysql": mysql.IMAGE,
    "oracle": oracle.IMAGE,
    "postgresql": postgresql.IMAGE,
    **{f"tidb-{deployment}": tidb.IMAGE for deployment in tidb.DEPLOYMENTS},
}


@pytest.fixture
def nothing_installed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """An environment without a server."""
    monkeypatch.setattr("crossnotes.targets.process._SYSTEM", ())
    monkeypatch.setattr("crossnotes.targets.postgresql.DEBIAN", tmp_path)
    return {"PATH": str(tmp_path)}


@pytest.mark.parametrize("target", IMAGES)
def test_without_docker_it_is_said_that_none_runs(
    target: str, nothing_installed: dict[str, str]
) -> None:
    containers.no_engine.cache_clear()
    offer = every_target()[target].look(nothing_installed)
    assert offer.start is None
    assert "; no Docker runs on this machine" in offer.problem


def test_every_image_has_a_tag_that_does_not_move() -> None:
    for image in IMAGES.values():
        _name, _, tag = image.rpartition(":")
        assert any(letter.isdigit() for letter in tag)
        assert "latest" not in tag


@pytest.mark.parametrize("target", IMAGES)
def test_server_in_a_container_proves_what_it_is(
    target: str,
    nothing_installed: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    server_folder: Path,
) -> None:
    if DOCKER_HOST is None:
        monkeypatch.delenv("DOCKER_HOST")
    else:
        monkeypatch.setenv("DOCKER_HOST", DOCKER_HOST)
    containers.no_engine.cache_clear()
    try:
        if problem := containers.no_engine():
            pytest.skip(problem)
        offer = every_target()[target].look(nothing_installed)
        assert (offer.source, offer.where) == ("docker", IMAGES[target])
        assert offer.start is not None
        server = offer.start(server_folder)
        try:
            version = IMAGES[target].rpartition(":")[2].partition("-")[0].lstrip("v")
            assert server.identity.short.lstrip("v").startswith(version)
            server.drop_database(server.create_database("crossnotes_test_1"))
        finally:
            server.close()
    finally:
        containers.no_engine.cache_clear()
