// A page is found when it has every word of the query; those with all of them in title and keywords come
// first (see keywords.py). Sphinx lets words of one or two letters go when there are longer ones, and with
// them every pair of Japanese characters (see search_ja.py): a search for "select_for_update 絵文字" then
// finds pages without 絵文字. Where it began: https://github.com/sphinx-doc/sphinx/pull/5979
//
// Sphinx asks for every page that it finds, to show where the words stand, and what comes moves what is
// there. Here a page found by its name shows its summary; the others are asked for as they come into view,
// and the room is kept.
"use strict";
(() => {
  // What Sphinx's Japanese has as an empty string.
  const { found } = document.currentScript.dataset;
  const PARTS = [
    "_parseQuery",
    "_performSearch",
    "makeSearchSummary",
    "htmlToText",
    "performTermsSearch",
    "query",
    "stopPulse",
  ];
  const [DOCUMENT, TITLE, ANCHOR, DESCRIPTION, SCORE, FILE, KIND] = [0, 1, 2, 3, 4, 5, 6];
  const NEAR = 5;
  // What is on a page and no text of it.
  const DRAWN =
    ".no-search, .crossnotes-languages, .crossnotes-chooser, .crossnotes-summary, .crossnotes-chip, .crossnotes-mark";
  const CJK = /[\u3005-\u3007\u3041-\u30ff\u3400-\u9fff]/;

  // ---- words

  const plain = (text) => text.normalize("NFKC").toLowerCase();
  const wordsOf = (text) => plain(text).match(/[\p{L}\p{N}_]+/gu) ?? [];
  // select_for_update, "select for update" and "Select-For-Update" are one, サーバー and サーバ are, too.
  const squashed = (text) => plain(text).replace(/[^\p{L}\p{N}]|ー/gu, "");

  // Whether a word of a query is one of a name: its beginning, a plural of it, or a part of a Japanese one.
  function fits(word, name) {
    if (CJK.test(word)) return name.squashed.includes(squashed(word));
    const isLong = word.length > 4 && name.squashed.includes(squashed(word));
    const ofName = (own) =>
      (word.length > 1 || own === word) &&
      (own.startsWith(word) || (own.length > 3 && word.startsWith(own) && word.length - own.length < 4));
    return isLong || name.words.some(ofName);
  }

  function pairsOf(text) {
    const characters = [...text];
    return new Set(characters.slice(1).map((character, index) => characters[index] + character));
  }

  // From 0 to 1: how much of their pairs of letters two names share.
  function likeness(one, other) {
    const [mine, theirs] = [pairsOf(one), pairsOf(other)];
    const both = [...mine].filter((pair) => theirs.has(pair)).length;
    return both && (2 * both) / (mine.size + theirs.size);
  }

  // ---- pages, by what they are called and searched by

  const given = globalThis.crossnotesPages ?? { pages: [], said: {} };
  const pages = new Map(
    given.pages.map(([docname, title, summary, database, keywords]) => [
      docname,
      {
        docname,
        title,
        summary,
        database,
        names: [title, ...keywords].map((name) => ({ squashed: squashed(name), words: wordsOf(name) })),
      },
    ]),
  );
  const asked = (query) => {
    const all = wordsOf(query);
    const kept = all.filter((word) => typeof stopwords === "undefined" || !stopwords.has(word));
    return { whole: squashed(query), words: kept.length ? kept : all };
  };

  const chosen = () => document.documentElement.dataset.crossnotesDb;

  // How a page is called beside what was asked for: whether that is its name or one of its keywords, and
  // the earlier the better; and the share of the words that names have.
  function calledBy(page, { whole, words }) {
    const at = whole ? page.names.findIndex((name) => name.squashed === whole) : -1;
    const fitting = words.filter((word) => page.names.some((name) => fits(word, name))).length;
    const inTitle = words.length > 0 && words.every((word) => fits(word, page.names[0]));
    const exact = at < 0 ? 0 : 1 / (1 + at);
    return { exact, inTitle, share: words.length ? fitting / words.length : 0 };
  }

  // The first is the better, as in a sort.
  function compare(one, other) {
    const own = ({ page }) => Number(Boolean(page?.database && page.database === chosen()));
    return (
      Number(other.called.exact === 1) - Number(one.called.exact === 1) ||
      Number(other.called.inTitle) - Number(one.called.inTitle) ||
      other.called.exact - one.called.exact ||
      Math.floor(other.called.share) - Math.floor(one.called.share) ||
      own(other) - own(one) ||
      other.called.share - one.called.share ||
      other.result[SCORE] - one.result[SCORE]
    );
  }

  function ranked(query, results) {
    const question = asked(query);
    const none = { exact: 0, inTitle: false, share: 0 };
    const isFound = new Set(results.map((result) => result[DOCUMENT]));
    const every = results.map((result) => {
      const page = pages.get(result[DOCUMENT]);
      return { result, page, called: page ? calledBy(page, question) : none };
    });
    for (const page of pages.values()) {
      const called = calledBy(page, question);
      if (isFound.has(page.docname) || (called.share < 1 && !called.exact)) continue;
      const file = Search._index.filenames[Search._index.docnames.indexOf(page.docname)];
      every.push({ result: [page.docname, page.title, "", null, 0, file, "title"], page, called });
    }
    return every.sort(compare).map(({ result }) => result);
  }

  // The pages that are most like a query for which there is none.
  function near(query) {
    const { whole, words } = asked(query);
    const closeness = (page) => {
      const { share } = calledBy(page, { whole, words });
      return share + Math.max(...page.names.map((name) => likeness(whole, name.squashed)));
    };
    const every = [...pages.values()].map((page) => ({ page, close: closeness(page) }));
    return every
      .filter(({ close }) => close > 0.25)
      .sort((one, other) => other.close - one.close)
      .slice(0, NEAR)
      .map(({ page }) => page);
  }

  // ---- what is shown

  function addressOf(docname) {
    const { BUILDER, LINK_SUFFIX } = DOCUMENTATION_OPTIONS;
    if (BUILDER !== "dirhtml") return docname + LINK_SUFFIX;
    const folder = `${docname}/`.replace(/(^|\/)index\/$/, "$1");
    return document.documentElement.dataset.content_root + folder;
  }

  function make(name, text, className) {
    const element = document.createElement(name);
    element.textContent = text ?? "";
    if (className) element.className = className;
    return element;
  }

  function link(docname, anchor, text) {
    const element = make("a", text);
    element.href = addressOf(docname) + anchor;
    return element;
  }

  const listed = (list) =>
    list.map((page) => {
      const item = make("li");
      item.append(link(page.docname, "", page.title));
      return item;
    });

  function highlight(element, words) {
    if (typeof _highlightText !== "function" || !SPHINX_HIGHLIGHT_ENABLED) return;
    for (const word of words) _highlightText(element, word, "highlighted");
  }

  // A page, once, with the places in it that were found, too.
  function drawPage(results, query, words, terms) {
    const [first] = results;
    const page = pages.get(first[DOCUMENT]);
    const title = page?.title ?? Search._index.titles[Search._index.docnames.indexOf(first[DOCUMENT])];
    const item = make("li", "", `kind-${first[KIND]}`);
    const head = item.appendChild(link(first[DOCUMENT], "", title));
    head.dataset.score = first[SCORE];
    const places = results.filter((result) => result[ANCHOR]).slice(0, 3);
    for (const result of places) {
      const name = result[TITLE].replace(`${title} > `, "");
      item.append(" ", make("span", "›", "crossnotes-within"), " ", link(result[DOCUMENT], result[ANCHOR], name));
      if (result[DESCRIPTION]) item.append(` (${result[DESCRIPTION].replace(title, "").replace(/[,、]\s*(in )?$/, "")})`);
    }
    const context = item.appendChild(make("p", "", "context"));
    const called = page && calledBy(page, asked(query));
    if (page?.summary && (called.exact || called.share === 1)) {
      context.textContent = page.summary;
      highlight(context, words);
    } else if (DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY) {
      const anchor = results.every((result) => result[ANCHOR]) ? first[ANCHOR] : "";
      context.show = () => showWhere(context, first[DOCUMENT], anchor, page?.summary, words, terms);
      inView.observe(context);
    }
    return item;
  }

  const inView = new IntersectionObserver((entries) => {
    for (const { target, isIntersecting } of entries) {
      if (!isIntersecting) continue;
      inView.unobserve(target);
      target.show();
    }
  });

  async function showWhere(context, docname, anchor, summary, words, terms) {
    let text = summary ?? "";
    try {
      const html = await (await fetch(addressOf(docname))).text();
      text = Search.makeSearchSummary(html, terms, anchor)?.textContent ?? text;
    } catch {} // from a folder on this machine no page can be asked for
    context.textContent = text;
    highlight(context, words);
  }

  // The pages of the reader's database.
  function offerOwn(place) {
    const own = [...pages.values()].filter((page) => page.database && page.database === chosen());
    place.hidden = own.length === 0;
    place.replaceChildren(`${given.said.own} `, ...own.flatMap((page) => [link(page.docname, "", page.title), " "]));
  }

  function draw(query, results, words, terms) {
    Search.stopPulse();
    Search.title.textContent = _("Search Results");
    const byPage = new Map();
    for (const result of results) byPage.set(result[DOCUMENT], [...(byPage.get(result[DOCUMENT]) ?? []), result]);
    const items = [...byPage.values()].map((found) => drawPage(found, query, words, terms));
    Search.status.setAttribute("role", "status");
    Search.status.textContent = items.length
      ? Documentation.ngettext(
          "Search finished, found one page matching the search query.",
          "Search finished, found ${resultCount} pages matching the search query.",
          items.length,
        ).replace("${resultCount}", items.length)
      : given.said.none ?? _("Your search did not match any documents.");
    const own = make("p", "", "crossnotes-own");
    Search.output.before(own);
    offerOwn(own);
    const choice = new MutationObserver(() => offerOwn(own));
    choice.observe(document.documentElement, { attributeFilter: ["data-crossnotes-db"] });
    Search.output.replaceChildren(...items);
    if (items.length) return;
    const close = near(query);
    if (!close.length) {
      const first = pages.get(given.first);
      if (first) close.push(first);
    }
    if (!close.length) return;
    const list = make("ul", "", "crossnotes-near");
    list.append(...listed(close));
    Search.output.before(make("p", given.said.near), list);
  }

  function findEveryWord() {
    if (found) {
      Documentation.TRANSLATIONS["Search finished, found one page matching the search query."] = [found];
    }
    // Another version of Sphinx may have none of it; its search is then as it is.
    if (!PARTS.every((part) => typeof Search[part] === "function")) return;

    const parse = Search._parseQuery;
    const perform = Search._performSearch;
    const summarize = Search.makeSearchSummary;
    let words = [];

    Search._parseQuery = (query) => {
      const parsed = parse(query);
      words = plain(query)
        .split(/\s+/)
        .filter((word) => word);
      parsed[3] = new Set(words); // what is highlighted in the results
      try {
        localStorage.setItem("sphinx_highlight_terms", words.join(" ")); // and on the page
      } catch {}
      return parsed;
    };

    Search.makeSearchSummary = (whole, keywords, anchor) => {
      const page = new DOMParser().parseFromString(whole, "text/html");
      for (const drawn of page.querySelectorAll(DRAWN)) drawn.remove();
      const html = page.documentElement.outerHTML;
      const text = Search.htmlToText(html, anchor).toLowerCase();
      const found = words.filter((word) => text.includes(word));
      return summarize(html, found.length ? found : keywords, anchor);
    };

    const search = Search.performTermsSearch;

    Search.performTermsSearch = (terms, excluded) => {
      const scores = [...terms].map((term) => {
        const found = search(new Set([term]), excluded);
        return new Map(found.map((result) => [result[FILE], result[SCORE]]));
      });
      return search(terms, excluded)
        .filter((result) => scores.every((files) => files.has(result[FILE])))
        .map((result) => {
          // A title counts when all of the words are in it; for Sphinx one pair of a long word is enough.
          result[SCORE] = Math.min(...scores.map((files) => files.get(result[FILE])));
          return result;
        });
    };

    // The last is the first that is shown.
    Search._performSearch = (query, ...parsed) => ranked(query, perform(query, ...parsed)).reverse();

    Search.query = (query) => {
      const parsed = Search._parseQuery(query);
      draw(query, Search._performSearch(...parsed).reverse(), words, parsed[1]);
    };
  }

  // A theme may load Sphinx's script after this one; it begins when the document is there.
  if (typeof Search === "undefined") document.addEventListener("DOMContentLoaded", findEveryWord);
  else findEveryWord();
})();
