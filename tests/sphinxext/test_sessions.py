"""What readers see of a session is what is run, without doctest's marks."""

import re
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest

from .conftest import sphinx_build

HEAD = (
    "---\nsummary: A page of sessions.\ncrossnotes: {targets: [sqlite]}\n---\n(home)=\n# Home\n\n"
)

SESSIONS = """\
```pycon
>>> print("a\\n\\nb")
a
<BLANKLINE>
b
>>> print("c  d")  # doctest: +NORMALIZE_WHITESPACE
c d
>>> print("# doctest: +SKIP")
# doctest: +SKIP
```

```{snippet} pycon
:caption: A caption
>>> (1 +  # doctest: +ELLIPSIS
...  1)
2
```

```python
>>> 3  # doctest: +ELLIPSIS
3
```
"""

MIXED = """\
:::::{tabs}
::::{group-tab} SQLite
```python
x = 1
```
::::
::::{group-tab} macOS
```python
x = 2
```
::::
:::::
"""


def shown(html: str) -> list[str]:
    blocks = re.findall(r"<pre>(.*?)</pre>", html, re.DOTALL)
    return [unescape(re.sub(r"<[^>]*>", "", block)).rstrip("\n") for block in blocks]


def test_marks_of_doctest_are_not_shown_and_break_no_build(
    root: Callable[[dict[str, str]], Path],
) -> None:
    built = sphinx_build(root({"index.md": HEAD + SESSIONS}))
    assert built.exit_code == 0, built.messages
    assert shown(built.read("index.html")) == [
        '>>> print("a\\n\\nb")\na\n\nb\n>>> print("c  d")\nc d\n'
        '>>> print("# doctest: +SKIP")\n# doctest: +SKIP',
        ">>> (1 +\n...  1)\n2",
        ">>> 3\n3",
    ]


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ("```pycon\n1 + 1\n3\n```", "a session without a prompt"),
        ("```console\nshell> ls\n```", "`shell>` is a prompt that is not supported"),
        ("```pycon\n>>> 1  # doctest: +ELIPSIS\n1\n```", "unknown doctest option"),
        (MIXED, "a tab set that mixes targets"),
    ],
)
def test_block_that_is_refused_is_named_by_the_build_too(
    root: Callable[[dict[str, str]], Path], block: str, said: str
) -> None:
    folder = root({"index.md": f"{HEAD}{block}\n"})
    settings = '[tool.crossnotes.tabs]\nSQLite = "sqlite"\n'
    (folder / "pyproject.toml").write_text(settings, encoding="utf-8")
    built = sphinx_build(folder)
    assert built.exit_code == 1
    assert said in built.messages
