// Offers a page's code for the tab that is chosen; without scripts, for all of them. In the head: a link is
// hidden as it arrives, so that nothing moves. Until the tabs are there, the tab is the one that they will
// show: the one that is asked for, that the reader chose last, or the first.
"use strict";
(() => {
  function wanted() {
    try {
      const kept = JSON.parse(localStorage.getItem("crossnotes-tabs"));
      return new URLSearchParams(location.search).getAll("tab").concat(Array.isArray(kept) ? kept : []);
    } catch {
      return [];
    }
  }

  const links = () => [...document.querySelectorAll(".crossnotes-downloads a[data-tab]")];

  function expect() {
    if (!document.documentElement.classList.contains("crossnotes-tabs-on")) return;
    const labels = links().map((link) => link.dataset.tab);
    const label = wanted().find((each) => labels.includes(each)) ?? labels[0];
    for (const link of links()) link.hidden = link.dataset.tab !== label;
  }

  const arrivals = new MutationObserver(expect);
  arrivals.observe(document, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", () => arrivals.disconnect());
  document.addEventListener("crossnotes:tabs", () => {
    const tabs = [...document.querySelectorAll('[role="tab"][data-tab]')];
    for (const link of links()) {
      const own = tabs.filter((tab) => tab.dataset.tab === link.dataset.tab);
      link.hidden = own.length > 0 && !own.some((tab) => tab.ariaSelected === "true");
    }
  });
})();
