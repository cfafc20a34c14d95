// A page is found when it has every word of the query. Sphinx lets words of one or two letters go when
// there are longer ones, and with them every pair of Japanese characters (see search_ja.py): a search for
// "select_for_update 絵文字" then finds pages without 絵文字. Where it began:
// https://github.com/sphinx-doc/sphinx/pull/5979
"use strict";
(() => {
  const search = Search.performTermsSearch;
  const file = (result) => result[5];

  Search.performTermsSearch = (terms, excluded) => {
    const found = [...terms].map((term) => new Set(search(new Set([term]), excluded).map(file)));
    return search(terms, excluded).filter((result) => found.every((files) => files.has(file(result))));
  };
})();
