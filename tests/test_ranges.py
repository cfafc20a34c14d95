"""Ranges of versions: what they hold for, and what is wrong with those that no version meets."""

import pytest

from crossnotes import ranges
from crossnotes.ranges import RangeError

KNOWN = ("mysql", "mariadb", "tidb-self-hosted", "tidb-dedicated", "tidb-serverless", "sqlite")
RELEASES = {"mysql": ("8.0", "8.4", "9.7"), "mariadb": ("10.11", "11.8")}


@pytest.mark.parametrize(
    ("item", "holds", "not_for"),
    [
        ("mysql", ["8.0.12", "9.7.4-2"], []),
        ("mysql>=8.0.16", ["8.0.16", "8.0.20", "8.4.5", "9.7"], ["8.0.12", "8.0.15", "5.7.44"]),
        ("mysql > 8.0", ["8.4.5", "9.0.0"], ["8.0.99", "5.7.1"]),
        ("mysql<=8.0", ["8.0.99", "5.7.1"], ["8.1.0", "8.4.5"]),
        ("mysql<9", ["8.4.5"], ["9.0.0", "9.7.4"]),
        ("mysql@8.4", ["8.4.0", "8.4.5"], ["8.3.9", "8.40.1", "9.0.0"]),
        ("mysql==8.0.12", ["8.0.12"], ["8.0.13", "8.0.1"]),
        ("mysql>=8.0.16<9", ["8.0.16", "8.4.5"], ["8.0.12", "9.0.0"]),
        ("mysql>=8.0.0", ["8.0.0", "8.0.12"], ["5.7.44"]),
        ("mysql<8.0", ["5.7.44"], ["8.0.0", "8.0.12"]),
    ],
)
def test_range_holds_for(item: str, holds: list[str], not_for: list[str]) -> None:
    assert [v for v in holds if not ranges.holds([item], "mysql", ranges.version(v))] == []
    assert [v for v in not_for if ranges.holds([item], "mysql", ranges.version(v))] == []
    assert not ranges.holds([item], "mariadb", ranges.version("8.0.20"))


def test_tidb_is_the_three_deployments() -> None:
    assert ranges.names(["mysql", "tidb>=8.1", "tidb-dedicated"]) == (
        "mysql",
        "tidb-self-hosted",
        "tidb-dedicated",
        "tidb-serverless",
    )
    for target in ranges.FAMILIES["tidb"]:
        assert ranges.holds(["tidb>=8.1"], target, ranges.version("v8.5.3"))
        assert not ranges.holds(["tidb>=8.1"], target, ranges.version("v7.5.6"))


def test_range_holds_nowhere_while_the_version_is_not_known() -> None:
    assert ranges.holds(["mysql"], "mysql", None)
    assert not ranges.holds(["mysql>=8"], "mysql", None)
    assert ranges.may_hold(["mysql>=8"], "mysql", None)
    assert not ranges.may_hold(["mysql>=8"], "mysql", ranges.version("5.7.44"))


@pytest.mark.parametrize(
    ("one", "other", "meet"),
    [
        ("mysql<8.0.16", "mysql>=8.0.16", False),
        ("mysql<=8.0.16", "mysql>=8.0.16", True),
        ("mysql", "mysql>=9", True),
        ("mysql@8.0", "mysql@8.4", False),
        ("mysql@8.0", "mysql>8.0", False),
        ("mysql@8", "mysql@8.4", True),
        ("mysql>=8<9", "mysql>=9", False),
        ("mysql", "mariadb", False),
        ("tidb", "tidb-serverless>=8", True),
    ],
)
def test_two_ranges_meet_where_one_version_is_in_both(one: str, other: str, meet: bool) -> None:
    assert bool(ranges.common([one], [other])) is meet
    assert bool(ranges.common([other], [one])) is meet


@pytest.mark.parametrize(
    ("item", "message"),
    [
        ("mysql=>8", "cannot read 'mysql=>8'; write a target, or one with a range"),
        ("mysql>=", "cannot read"),
        ("mysql>=eight", "cannot read"),
        ("mysql>=8..0", "cannot read"),
        (">=8", "cannot read"),
        ("mysql>=9<8", "'mysql>=9<8' matches no version"),
        ("oracel", "unknown target 'oracel'; known are: mariadb, mysql, sqlite, tidb, tidb-ded"),
        (
            "mysql>=10",
            "mysql>=10 matches no known version; known of mysql are: 8.0, 8.4, 9.7",
        ),
        ("mariadb<10", "mariadb<10 matches no known version"),
    ],
)
def test_item_that_no_page_can_mean(item: str, message: str) -> None:
    problem = ranges.problem(["sqlite", item], KNOWN, RELEASES)
    assert problem is not None
    assert problem.startswith(message)


def test_targets_without_known_releases_may_have_any_version() -> None:
    assert ranges.problem(["sqlite>=99", "tidb<3", "mysql>=8.0.16"], KNOWN, RELEASES) is None


def test_range_that_cannot_be_read_is_passed_over_by_those_who_ask_what_holds() -> None:
    with pytest.raises(RangeError):
        ranges.parse("mysql=>8")
    assert ranges.names(["mysql=>8", "sqlite"]) == ("sqlite",)
    assert not ranges.holds(["mysql=>8"], "mysql", (8,))
