"""`{hero} SUBJECT/NAME`: one question of the site, with what each database answered, for its front
page. `:caption:` is the question in words, and the body says what there is to see."""

from collections import Counter
from collections.abc import Iterator
from html import escape
from typing import TYPE_CHECKING, ClassVar

from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util import logging

from crossnotes.results import question_of, subject_of
from crossnotes.sphinxext import drawings
from crossnotes.sphinxext.answers import Answer, Said
from crossnotes.sphinxext.compare import as_typed
from crossnotes.sphinxext.html import drawn, element
from crossnotes.sphinxext.messages import _
from crossnotes.sphinxext.questions import Question, questions
from crossnotes.sphinxext.snippet import OUTPUT
from crossnotes.sphinxext.states import SIGNS
from crossnotes.sphinxext.tables import table

if TYPE_CHECKING:
    from sphinx.application import Sphinx
    from sphinx.util.typing import ExtensionMetadata, OptionSpec

logger = logging.getLogger(__name__)

#: Lines of an answer that are shown.
LINES = 3


class Hero(drawings.Drawing):
    """One question, its code and its answers."""

    required_arguments = 1
    has_content = True
    option_spec: ClassVar["OptionSpec"] = {"caption": directives.unchanged_required}

    def run(self) -> list[nodes.Node]:
        place = self.place()
        messages: list[nodes.system_message] = []
        if text := self.options.get("caption", ""):
            inside, messages = self.parse_inline(text)
            caption = nodes.caption(text, "", *inside)
            self.set_source_info(caption)
            place += caption
        place += self.parse_content_to_nodes()
        return [place, *messages]


def draw(app: "Sphinx", docname: str, place: drawings.Place) -> Iterator[nodes.Node]:
    wanted = place["arguments"][0]
    known = {_id(each): each for each in questions(app)}
    question = known.get(wanted)
    if question is None:
        logger.warning(
            "{hero} of %r: no comparison of this site has that block; write SUBJECT/NAME, such as "
            "%s",
            wanted,
            next(iter(known), "row-locks/waits"),
            location=place,
            type="crossnotes",
            subtype="name",
        )
        return
    caption = next(iter(place.findall(nodes.caption)), None)
    said = [child for child in place.children if child is not caption]
    is_html = app.builder.format == "html"
    if is_html:
        yield drawn('<div class="crossnotes-hero">')
    if caption is not None:
        yield nodes.paragraph("", "", *caption.children, classes=["crossnotes-hero-question"])
    yield from said
    code = as_typed(question.snippet)
    shown = nodes.literal_block(code, code, language="python")
    shown[OUTPUT] = True  # it is run where it is asked
    yield shown
    if is_html:
        yield drawn(_cards(question))
    else:
        rows = [[[nodes.Text(name)], [nodes.Text(text)]] for name, text in _words(question)]
        heads = [[nodes.Text(str(_("Database")))], [nodes.Text(str(_("Answer")))]]
        yield table([nodes.Text(question.title)], heads, rows)
    text = str(_("All answers: {page}")).partition("{page}")
    name = nodes.Text(question.title)
    where = drawings.link(app, docname, question.docname, question.anchor, [name])
    yield nodes.paragraph("", "", nodes.Text(text[0]), where, nodes.Text(text[2]))
    if is_html:
        yield drawn("</div>")


def _id(question: Question) -> str:
    """The id of a question, as results.json has it."""
    return f"{subject_of(question.docname)}/{question_of(question.snippet)}"


def _cards(question: Question) -> str:
    """A card for each database: what it answered, in which versions; what most say is quiet."""
    answers = list(question.answers.values())
    counted = Counter(answer.given for answer in answers)
    usual = counted.most_common(1)[0][0] if counted else ()
    cards = "".join(
        element(
            "li",
            "".join(_part(answer, number) for number in range(len(answer.variants))),
            data_db=answer.product,
            class_="" if answer.given == usual else "crossnotes-hero-other",
        )
        for answer in answers
    )
    return element("ul", cards, class_="crossnotes-hero-answers")


def _part(answer: Answer, number: int) -> str:
    variant = answer.variants[number]
    versions = dict.fromkeys(mark.version for mark in variant.marks if mark.version)
    name = f"{answer.label} {str(_(', ')).join(versions)}".strip()
    return element("b", _text(variant.said)) + element("small", escape(name))


def _text(said: Said) -> str:
    text = escape(said.shortened(LINES))
    if said.state != "changed":
        return text
    told = element(
        "span", escape(f"{_('changed since the last run')}: "), class_="crossnotes-unseen"
    )
    return f'<span class="crossnotes-changed">{SIGNS["changed"]}</span> {told}{text}'


def _words(question: Question) -> Iterator[tuple[str, str]]:
    for answer in question.answers.values():
        for variant in answer.variants:
            yield f"{answer.label} {variant.name}".strip(), variant.said.text


def setup(app: "Sphinx") -> "ExtensionMetadata":
    app.setup_extension("crossnotes.sphinxext.questions")
    drawings.add(app, "hero", Hero, draw)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
