// The language switcher keeps the reader's place: the #anchor, and the tabs other than the first.
"use strict";
(() => {
  const links = [...document.querySelectorAll(".crossnotes-languages a")].map((link) => ({
    link,
    page: link.getAttribute("href"),
  }));

  const chosenTabs = () =>
    [...document.querySelectorAll('.sphinx-tabs-tab[aria-selected="true"]')]
      .filter((tab) => tab.previousElementSibling)
      .map((tab) => tab.dataset.tab);

  function update() {
    const query = new URLSearchParams(location.search);
    query.delete("tab");
    for (const tab of new Set(chosenTabs())) query.append("tab", tab);
    const search = query.size ? `?${query}` : "";
    for (const { link, page } of links) link.setAttribute("href", page + search + location.hash);
  }

  update();
  addEventListener("hashchange", update);
  document.addEventListener("crossnotes:tabs", update); // sent by crossnotes-tabs.js
})();
