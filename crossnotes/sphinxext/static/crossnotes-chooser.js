// Your database: chosen once, for every page and language. In the head and not deferred, so that nothing
// jumps: what is folded is folded by the style sheet from the first moment on.
//
// A choice is a database (tidb) or one deployment of it (tidb-serverless). `crossnotes-tabs` is the list
// of labels that crossnotes-tabs.js reads: the tab of the chosen database goes to its front.
"use strict";
(() => {
  const KEY = "crossnotes-database";
  const TABS = "crossnotes-tabs";
  const root = document.documentElement;
  const { databases, tabs } = JSON.parse(document.currentScript.dataset.choices);

  // ---- what the reader chose

  function read(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // no storage: the choice lasts as long as the page
    }
  }

  function keep(key, value) {
    try {
      if (value) localStorage.setItem(key, value);
      else localStorage.removeItem(key);
    } catch {}
  }

  const isKnown = (name) => Object.hasOwn(databases, name ?? "");

  function start() {
    const asked = new URLSearchParams(location.search).get("db");
    const kept = read(KEY);
    if (asked === "all") return "";
    if (isKnown(asked)) return asked;
    return isKnown(kept) ? kept : "";
  }

  let chosen = start();
  const product = () => (chosen ? databases[chosen] : "");

  function labels() {
    return Object.keys(tabs).filter((label) => tabs[label] === chosen || databases[tabs[label]] === chosen);
  }

  function apply() {
    if (chosen) root.dataset.crossnotesDb = product();
    else delete root.dataset.crossnotesDb;
  }

  // The tab of the database is the one that was chosen last. Of several deployments the one that is
  // further in front stays there.
  function putTabFirst() {
    const own = labels();
    if (own.length === 0) return null;
    let known;
    try {
      known = JSON.parse(read(TABS)) ?? [];
    } catch {
      known = [];
    }
    if (!Array.isArray(known)) known = [];
    const label = known.find((each) => own.includes(each)) ?? own[0];
    keep(TABS, JSON.stringify([label, ...known.filter((each) => each !== label)].slice(0, 100)));
    return label;
  }

  const asked = new URLSearchParams(location.search).has("db");
  if (asked) keep(KEY, chosen);
  if (asked && chosen) putTabFirst();
  apply();
  root.classList.add("crossnotes-on");

  // ---- what is drawn

  const isOwn = (element) => (element.dataset.db ?? "").split(" ").includes(product());

  function fill() {
    for (const select of document.querySelectorAll(".crossnotes-chooser select")) select.value = chosen;
  }

  // The answer of the database is the first to be read, too.
  function order(rows) {
    for (const [number, row] of rows.entries()) row.dataset.place ??= number;
    const at = (row) => (chosen && isOwn(row) ? -1 : Number(row.dataset.place));
    const sorted = [...rows].sort((a, b) => at(a) - at(b));
    if (sorted.some((row, number) => row !== rows[number])) sorted[0]?.parentElement.append(...sorted);
  }

  function draw() {
    fill();
    for (const body of document.querySelectorAll(".crossnotes-answers-table tbody")) order([...body.rows]);
    const pages = document.querySelector("li[data-crossnotes-page]");
    if (pages) {
      const items = [...pages.parentElement.children];
      for (const item of items) item.dataset.db ??= item.dataset.crossnotesPage ?? "";
      order(items);
    }
    const print = matchMedia("print").matches;
    for (const block of document.querySelectorAll(".crossnotes-only"))
      if (print) block.open = true;
      else if (!block.dataset.touched) block.open = !chosen || isOwn(block);
    root.classList.add("crossnotes-ready");
    reveal();
  }

  // What a link leads to is not folded.
  function reveal() {
    let id;
    try {
      id = decodeURIComponent(location.hash.slice(1));
    } catch {
      return;
    }
    const block = id && document.getElementById(id)?.closest(".crossnotes-only");
    if (block && !block.open) {
      block.open = true;
      block.dataset.touched = "yes";
      document.getElementById(id).scrollIntoView();
    }
  }

  function choose(name, at) {
    const before = at?.getBoundingClientRect().top;
    chosen = isKnown(name) ? name : "";
    keep(KEY, chosen);
    apply();
    draw();
    const url = new URL(location.href);
    if (url.searchParams.has("db")) {
      url.searchParams.delete("db"); // it must not come back on reload
      history.replaceState(history.state, "", url);
    }
    // What is above may have grown or shrunk: the chooser stays where it is.
    if (at) scrollBy({ top: at.getBoundingClientRect().top - before, behavior: "instant" });
  }

  function onChange(event) {
    choose(event.target.value, event.target);
    const label = chosen && putTabFirst();
    if (label) document.dispatchEvent(new CustomEvent("crossnotes:choose-tab", { detail: label }));
  }

  function unfold(event) {
    const button = event.target.closest(".crossnotes-more");
    const touched = event.target.closest(".crossnotes-only > summary");
    if (touched) touched.parentElement.dataset.touched = "yes";
    if (!button) return;
    const open = button.parentElement.classList.toggle("crossnotes-open");
    button.setAttribute("aria-expanded", String(open));
  }

  const arrivals = new MutationObserver(fill);
  arrivals.observe(root, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", () => {
    arrivals.disconnect();
    for (const select of document.querySelectorAll(".crossnotes-chooser select"))
      select.addEventListener("change", onChange);
    document.addEventListener("click", unfold);
    draw();
  });
  // Sent by crossnotes-tabs.js: the reader chose a tab.
  document.addEventListener("crossnotes:chosen-tab", (event) => {
    const target = tabs[event.detail];
    if (target) choose(isKnown(target) ? target : databases[target]);
  });
  matchMedia("print").addEventListener("change", draw);
  addEventListener("hashchange", reveal);
  addEventListener("storage", (event) => {
    if (event.key !== KEY) return;
    chosen = isKnown(event.newValue) ? event.newValue : "";
    apply();
    draw();
  });
})();
