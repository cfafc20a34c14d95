"""`make reference`: put what `crossnotes reference` prints into docs/guides/reference.md."""

from pathlib import Path

from crossnotes.reference import PARTS

PAGE = Path("docs/guides/reference.md")
MARK = "% What follows is printed"


def page(text: str) -> str:
    """The page's text with the reference as the code has it now."""
    head, mark, rest = text.partition(MARK)
    assert mark, f"{PAGE} has no line that begins with {MARK!r}"
    printed = "\n".join(line for part in PARTS.values() for line in part())
    return f"{head}{mark}{rest.partition(chr(10))[0]}\n\n{printed.rstrip()}\n"


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
