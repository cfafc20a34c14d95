// A page is found when it has every word of the query. Sphinx lets words of one or two letters go when
// there are longer ones, and with them every pair of Japanese characters (see search_ja.py): a search for
// "select_for_update 絵文字" then finds pages without 絵文字. Where it began:
// https://github.com/sphinx-doc/sphinx/pull/5979
//
// What is shown of a page, and highlighted on it, are the words as the reader wrote them, where the page has
// them; Sphinx would take the pairs.
"use strict";
(() => {
  // What Sphinx's Japanese has as an empty string.
  const { found } = document.currentScript.dataset;
  const PARTS = ["_parseQuery", "makeSearchSummary", "htmlToText", "performTermsSearch"];

  function findEveryWord() {
    if (found) {
      Documentation.TRANSLATIONS["Search finished, found one page matching the search query."] = [found];
    }
    // Another version of Sphinx may have none of it; its search is then as it is.
    if (!PARTS.every((part) => typeof Search[part] === "function")) return;

    const parse = Search._parseQuery;
    const summarize = Search.makeSearchSummary;
    let words = [];

    Search._parseQuery = (query) => {
      const parsed = parse(query);
      words = query.normalize("NFKC").toLowerCase().split(/\s+/).filter((word) => word);
      parsed[3] = new Set(words); // what is highlighted in the results
      try {
        localStorage.setItem("sphinx_highlight_terms", words.join(" ")); // and on the page
      } catch {}
      return parsed;
    };

    Search.makeSearchSummary = (whole, keywords, anchor) => {
      const page = new DOMParser().parseFromString(whole, "text/html");
      for (const drawn of page.querySelectorAll(".no-search, .crossnotes-languages")) drawn.remove();
      const html = page.documentElement.outerHTML;
      const text = Search.htmlToText(html, anchor).toLowerCase();
      const found = words.filter((word) => text.includes(word));
      return summarize(html, found.length ? found : keywords, anchor);
    };

    const search = Search.performTermsSearch;
    const SCORE = 4;
    const FILE = 5;

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
  }

  // A theme may load Sphinx's script after this one; it begins when the document is there.
  if (typeof Search === "undefined") document.addEventListener("DOMContentLoaded", findEveryWord);
  else findEveryWord();
})();
