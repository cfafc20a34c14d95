"""Current servers, `make test SERVERS=current`: found by their version, and what they answer that
older ones do not."""

import os

import pytest

from crossnotes.targets import requests

from .. import current_servers
from ..conftest import REPOSITORY, Repository

NAMES = [server.name for server in current_servers.SERVERS]


@pytest.fixture(scope="session")
def current() -> dict[str, str]:
    """The variables that name the servers, which are started and left running."""
    if os.environ.get("SERVERS") != "current":
        pytest.skip("make test SERVERS=current has MySQL 9.7, MariaDB 11.8, PostgreSQL 17 and 18")
    for server in current_servers.SERVERS:
        server.start()
    return current_servers.variables()


@pytest.mark.parametrize("name", NAMES)
def test_server_is_found_by_its_version_among_others(current: dict[str, str], name: str) -> None:
    (server,) = (each for each in current_servers.SERVERS if each.name == name)
    request = requests.parse(name)
    offer = request.look(current)
    assert (offer.source, offer.where) == ("external", f"127.0.0.1:{server.port}")
    assert offer.start is not None
    request.check(offer.start(REPOSITORY).identity)


@pytest.mark.parametrize("name", ["mysql@9.7", "mariadb@11.8", "postgresql@18"])
def test_range_of_a_page_holds_on_the_version_that_it_is_for(
    current: dict[str, str], project: Repository, name: str
) -> None:
    target, _, series = name.partition("@")
    (url,) = (each.url for each in current_servers.SERVERS if each.name == name)
    project.environment = {f"CROSSNOTES_{target.upper()}_URL": url}
    page = (
        "```python\nprint('new')\n```\n```{{output}}\n:targets: {0}<{1}\nold\n```\n"
        "```{{output}}\n:targets: {0}>={1}\nnew\n```\n\n"
        "```{{snippet}} python\n:targets: {0}<{1}\nraise AssertionError\n```\n"
    )
    (result,) = project.results(page.format(target, series), target=target)
    assert (result.status, result.index) == ("passed", 0)
