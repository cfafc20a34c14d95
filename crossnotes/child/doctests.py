"""doctest's rules, as `pycon` blocks have them."""

from __future__ import annotations

import doctest
from typing import Any

from crossnotes.child.blocks import describe
from crossnotes.result import Failure


class Examples(doctest.DocTestRunner):
    """doctest, stopped at the first difference. With `collect`, an example that expects nothing
    may print: an `{output}` block below says what. With `accept_all`, whatever is printed is
    right, for it will be written into the page."""

    example: doctest.Example

    def __init__(self, page: str, collect: bool, accept_all: bool) -> None:
        flags = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE | doctest.FAIL_FAST
        # On one database a boolean is True, on another 1: a page has to show which.
        flags |= doctest.DONT_ACCEPT_TRUE_FOR_1
        self.printed: list[str] = []
        self.uncheck: list[str] = []
        self.failure: Failure | None = None
        self.page = page
        super().__init__(_Checker(self, collect, accept_all), verbose=False, optionflags=flags)

    def report_start(self, out: Any, test: Any, example: Any) -> None:
        self.example = example

    def report_failure(self, out: Any, test: Any, example: Any, got: str) -> None:
        self.failure = Failure(
            test.lineno + example.lineno + 1,
            f"{example.source.strip().splitlines()[0]} answers otherwise",
            example.want,
            got or "nothing",
        )

    def report_unexpected_exception(self, out: Any, test: Any, example: Any, exc_info: Any) -> None:
        line = test.lineno + example.lineno + 1
        self.failure = Failure(line, describe(exc_info[1]), example.want, "")


class _Checker(doctest.OutputChecker):
    def __init__(self, runner: Examples, collect: bool, accept_all: bool) -> None:
        self.runner = runner
        self.collect = collect
        self.accept_all = accept_all

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        self.runner.printed.append(got)
        if self.collect and not want:
            self.runner.uncheck.append(got)
            return True
        if self.accept_all and self.runner.example.exc_msg is None:
            return True
        return super().check_output(want, got, optionflags)
