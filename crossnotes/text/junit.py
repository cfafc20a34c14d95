"""JUnit XML of a run, with the page's file and line, as CI services read it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape, quoteattr

from crossnotes.page import Problem
from crossnotes.result import Result

#: Nothing in it has to be escaped.
_PLAIN = re.compile(r"[\w ./:,()\[\]-]*", re.ASCII)
_NOT_XML = re.compile("[^\t\n\r -\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True)
class Suite:
    """What one target did: its Results, the seconds it took, and why it could not be had."""

    target: str
    results: Sequence[Result]
    seconds: float = 0.0
    problem: str = ""

    def count(self, status: str) -> int:
        return sum(result.status == status for result in self.results)


def document(suites: Sequence[Suite], problems: Sequence[Problem]) -> Iterator[str]:
    """The document in parts: as a tree, a large run would need more memory than all before."""
    yield '<?xml version="1.0" encoding="utf-8"?>\n<testsuites>\n'
    for suite in suites:
        yield from _suite(suite)
    if problems:
        count = str(len(problems))
        yield f"<{_tag('testsuite', name='pages', tests=count, failures=count)}>\n"
        for problem in problems:
            case = _tag(
                "testcase",
                classname=problem.page,
                name="page",
                file=problem.page,
                line=str(problem.line),
            )
            yield f"<{case}><{_tag('failure', message=problem.message)}/></testcase>\n"
        yield "</testsuite>\n"
    yield "</testsuites>\n"


def _suite(run: Suite) -> Iterator[str]:
    suite = _tag(
        "testsuite",
        name=run.target,
        tests=str(len(run.results)),
        failures=str(run.count("failed")),
        errors="1" if run.problem else "0",
        skipped=str(run.count("excused")),
        time=f"{run.seconds:.3f}",
    )
    yield f"<{suite}>\n"
    if run.problem:
        case = _tag("testcase", name=run.target)
        yield f"<{case}><{_tag('error', message=run.problem)}/></testcase>\n"
    for result in run.results:
        yield _case(run, result)
    yield "</testsuite>\n"


def _case(run: Suite, result: Result) -> str:
    line = result.failure.line if result.failure else result.line
    case = _tag(
        "testcase",
        classname=result.page,
        name=f"{result.index}: {result.language} [{run.target}]",
        file=result.page,
        line=str(line),
        time=f"{result.seconds:.4f}",
    )
    if result.status == "failed":
        failure = _tag("failure", message=result.reason)
        return f"<{case}><{failure}>{escape(_xml(result.output))}</failure></testcase>\n"
    if result.status == "excused":
        return f"<{case}><{_tag('skipped', message=result.reason)}/></testcase>\n"
    return f"<{case}/>\n"


def _tag(element: str, /, **attributes: str) -> str:
    """An element and its attributes, without the brackets."""
    return " ".join([element, *(f"{key}={_quoted(v)}" for key, v in attributes.items())])


def _quoted(text: str) -> str:
    """Most attributes are names and numbers, and need nothing escaped."""
    return f'"{text}"' if _PLAIN.fullmatch(text) else quoteattr(_xml(text))


def _xml(text: str) -> str:
    """Without the characters that XML cannot hold."""
    return _NOT_XML.sub("", text)
