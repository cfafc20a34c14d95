"""Each gate: what passes it, and what does not."""

from pathlib import Path

import pytest

from crossnotes.translations.check import pair_of
from crossnotes.translations.gates import GATES
from crossnotes.translations.glossary import Glossary, Term

MYST = frozenset({"attrs_inline", "substitution", "dollarmath"})
GLOSSARY = Glossary(
    Path("glossary.toml"),
    (
        Term("isolation level", ("分離レベル",), "a reason", avoid=("隔離レベル",)),
        Term("level", ("段階",), "another"),
        Term("server", ("サーバー",), "a reason", avoid=("サーバ",)),
        Term("web", ("Web",), "a reason"),
        Term("query", ("クエリ", "問い合わせ"), "a reason"),
    ),
    ("Django", "TiDB Cloud", "Django Girls"),
)


def found(message: str, translation: str, markdown: bool = True) -> dict[str, list[str]]:
    """What the gates say of a translation, by gate."""
    pair = pair_of(message, translation, GLOSSARY, MYST if markdown else None)
    said = {name: list(gate(pair)) for name, gate in GATES.items()}
    return {name: problems for name, problems in said.items() if problems}


RIGHT = [
    ("The same `x`, twice `x`.", "`x` が 2 回、同じ `x` です。"),
    ("See [the docs](https://a.b/c) and [more](#d).", "[詳細](#d)と[文書](https://a.b/c)を参照。"),
    ("**Save** it, *now*.", "*今すぐ*、**Save** で保存します。"),
    ("It is _so_ and __so__.", "*そう*で、**そう**です。"),
    ("See [Up (BR), now](#a) ONLY.", "[Up (BR), now](#a) だけを参照してください。"),
    ("Two rows in one table.", "1 つの表に 2 行あります。"),
    ("It took 2 million years.", "200 万年かかりました。"),
    ("A hundredth of a million rows", "100 万行の 100 分の 1"),
    ("It holds 10,000 rows.", "1 万行を収められます。"),
    ("On March 5, 2024 it ended.", "2024 年 3 月 5 日に終わりました。"),
    ("Version v8.5 of utf8mb4", "utf8mb4 の v8.5"),
    ("The 2nd of 3 CAs", "3 つの CA のうちの 2 つ目"),
    ("The isolation levels of Django's web servers", "Django の Web サーバーの分離レベル"),
    ("Send queries to Django.", "Django に問い合わせを送ります。"),
    ("players/models.py", "players/models.py"),
    ("**Operating System**: `Linux`", "**Operating System**: `Linux`"),
    ("SQL, `x`", "SQL、`x`"),
    ("MySQL", "MySQL"),
    ("What is it?", "これは何ですか？"),
    ("See {ref}`the page <a-page>`.", "{ref}`そのページ <a-page>`を参照してください。"),
    ("A {{ name }} and $x$.[^1]", "{{ name }}と$x$です。[^1]"),
    ("A {term}`row` of {ref}`a`", "{ref}`それ <a>`の{term}`行 <row>`"),
    ("Press **Save, and close**.", "**Save, and close** を押します。"),
    ("Call f(x) in it.", "その中で f(x) を呼びます。"),
    ("Not only this (see there).", "これだけではありません（そこを参照してください）。"),
    ("It says “no”.", "「ない」と書いてあります。"),
    ("Reading is not allowed.", "読み取り不可。"),
    ("A list of servers", "サーバー一覧"),
    ("To the server", "サーバーへアクセス"),
    ("A {abbr}`DDL (data definition language)`.", "{abbr}`DDL (データ定義言語)`です。"),
    ("A {abbr}`DDL (data definition language)`.", "{abbr}`DDL (データ定義言語)` です。"),
    ("An {abbr}`ORM` here.", "ここの {abbr}`ORM` です。"),
    ("A line with a break and its half.", "改行のある行と\\\nその後半です。"),
    ("A line with a break and its half.", "改行のある行と  \nその後半です。"),
    ("ハハ and パパ differ.", "「ハハ」と「パパ」は別です。"),
]


@pytest.mark.parametrize(("message", "translation"), RIGHT)
def test_what_is_right_passes_every_gate(message: str, translation: str) -> None:
    assert found(message, translation) == {}


WRONG = [
    ("code", "Use `x`.", "`y` を使います。"),
    ("code", "Use `x`.", "`x` と `x` を使います。"),
    ("links", "See [it](#a).", "[これ](#b)を参照してください。"),
    ("links", "![A dog](dog.png)", "![犬](cat.png)"),
    ("links", "See [it][name].", "[これ][name] を参照してください。"),
    ("roles", "See {doc}`other`.", "{doc}`another`を参照してください。"),
    ("roles", "See {ref}`it <a>`.", "{ref}`これ <b>`を参照してください。"),
    ("roles", "A {{ name }}.", "{{ names }}です。"),
    ("roles", "Some $x$.", "$y$です。"),
    ("roles", "It is.[^1]", "そうです。[^2]"),
    ("roles", "A {abbr}`DDL (data definition)`.", "{abbr}`DDL（データ定義）`です。"),
    ("roles", "A {abbr}`DDL (data definition)`.", "{abbr}`DDL` です。"),
    ("untranslated", "A {abbr}`DDL (data definition)`.", "{abbr}`DDL (data definition)`です。"),
    ("spacing", "A {abbr}`DDL (data in SQL)`.", "{abbr}`DDL (SQLのデータ)`です。"),
    ("glossary", "{abbr}`IL (isolation level)`", "{abbr}`IL (隔離レベル、分離レベル)`"),
    ("emphasis", "It is *so*.", "**そう**です。"),
    ("markup", "It is **so**.", "これは**「そう」**です。"),
    ("markup", "Read `x`.", "`x` を読みます。\n\n`x` です。"),
    ("markup", "Read this.", "    これを読みます。"),
    ("numbers", "Take 5.2 of it.", "5.3 を使います。"),
    ("numbers", "Take five of it.", "6 個使います。"),
    ("numbers", "It took 2 million years.", "20 万年かかりました。"),
    ("names", "Use Django here.", "ここで Djagno を使います。"),
    ("names", "Use MySQL here.", "ここで使います。"),
    ("names", "Use TiDB Cloud here.", "ここで TiDB を使います。"),
    ("names", "The `id` of it", "その id と `id`"),
    ("names", "Our Django Girls", "Django のガールズ"),
    ("glossary", "The isolation level", "分離の段階"),
    ("glossary", "The isolation level", "隔離レベル（分離レベル）"),
    ("glossary", "A server and a client", "サーバとクライアント、サーバー"),
    ("glossary", "Two queries", "2 つの質問"),
    ("untranslated", "Choose a tab", "Choose a tab"),
    ("untranslated", "Choose a tab", "タブを choose from the list します"),
    ("untranslated", "See [the docs](#a) here.", "ここで [the docs](#a) を参照してください。"),
    ("spacing", "Use `x` here.", "ここで`x` を使います。"),
    ("spacing", "Use [Django](#a) here.", "ここで[Django](#a) を使います。"),
    ("spacing", "5% of it", "その 5%です"),
    ("spacing", "Use it.", "これを 使います。"),
    ("spacing", "Use it, then.", "では、 使います。"),
    ("punctuation", "Use it.", "使います."),
    ("punctuation", "Use it.", "使います"),
    ("punctuation", "Use it (then).", "使います (その後) 。"),
    ("punctuation", "MySQL, MariaDB", "MySQL, MariaDB"),
    ("punctuation", "Note: use it.", "注意：使います。"),
    ("tone", "Use it.", "使う。"),
    ("tone", "It is so.", "そうである。"),
    ("tone", "It is so (yes, it is).", "そうです（そうだ。そうである。）。"),
    ("characters", "A server", "サーハ\u3099ー"),
    ("characters", "A server", "サ\u200bーバー"),
    ("characters", "The category", "サブ力テゴリ"),
    ("characters", "A header", "へッダー"),
    ("characters", "The data", "数据库です"),
    ("characters", "Name", "名前\u3000です"),
]


@pytest.mark.parametrize(("gate", "message", "translation"), WRONG)
def test_what_is_wrong_is_named_by_its_gate(gate: str, message: str, translation: str) -> None:
    assert gate in found(message, translation)


@pytest.mark.parametrize(
    ("message", "translation"),
    [
        ("Translated: %d %%", "翻訳済み: %s %%"),
        ("{a} of {b}", "{a} の{c}"),
        ("%s and %d", "%d と %s"),
        ("Found ${count}", "$count 件"),
        ("Two { braces", "波かっこ {x}"),
    ],
)
def test_placeholders_of_our_own_words(message: str, translation: str) -> None:
    assert "placeholders" in found(message, translation, markdown=False)


def test_named_placeholders_may_go_anywhere() -> None:
    assert found("%(a)s of %(b)d", "%(b)d 個中 %(a)s 個", markdown=False) == {}
    assert found("{a} of {b}", "{b} 個中 {a} 個", markdown=False) == {}


def test_a_message_says_what_is_wrong_and_what_to_do() -> None:
    [problem] = found("Take 5.2 of it.", "使います。")["numbers"]
    assert problem == "5.2 is lost: write the same numbers"
    [problem] = found("Use it.", "ここでMySQL を使います。")["spacing"]
    assert problem == "no space in 「ここでMySQL 」: put one between Japanese and Latin or code"
