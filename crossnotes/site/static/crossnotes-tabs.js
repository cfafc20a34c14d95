// Which panel of each set of tabs is shown: see crossnotes/site/tabs.py.
"use strict";
(() => {
  const KEY = "crossnotes-tabs";
  const REMEMBERED = 100;
  const SET = ".sphinx-tabs";
  const PANEL = ".sphinx-tabs-panel";

  document.documentElement.classList.add("crossnotes-tabs-on"); // see crossnotes-tabs.css

  // ---- what the reader chose

  function stored() {
    try {
      const labels = JSON.parse(localStorage.getItem(KEY));
      return Array.isArray(labels) ? labels.filter((label) => typeof label === "string") : [];
    } catch {
      return null; // no storage, or not ours: the choice lasts as long as the page
    }
  }

  let chosen = stored() ?? [];

  function remember(label) {
    // Read again: another window may have added to it.
    chosen = [label, ...(stored() ?? chosen).filter((other) => other !== label)].slice(0, REMEMBERED);
    try {
      localStorage.setItem(KEY, JSON.stringify(chosen));
    } catch {}
  }

  const asked = new URLSearchParams(location.search).getAll("tab");

  // ---- one set of tabs

  const sets = new Map(); // set -> its selected tab

  const tabsOf = (set) => [...set.querySelectorAll(":scope > [role=tablist] > [role=tab]")];
  const label = (tab) => tab.dataset.tab;
  const isGrouped = (tab) => tab.classList.contains("group-tab");
  const setOf = (tab) => tab.closest(SET);

  function isAsked(tab) {
    const names = [label(tab), tab.textContent.trim()].map((name) => name.toLowerCase());
    return asked.some((name) => names.includes(name.toLowerCase()));
  }

  function startingTab(tabs) {
    const grouped = tabs.filter(isGrouped);
    const remembered = chosen
      .map((name) => grouped.find((tab) => label(tab) === name))
      .find((tab) => tab);
    return tabs.find(isAsked) ?? remembered ?? tabs[0];
  }

  function show(set) {
    const selected = sets.get(set);
    for (const panel of set.querySelectorAll(`:scope > ${PANEL}`))
      panel.hidden = panel.id !== selected.getAttribute("aria-controls");
  }

  function select(tab) {
    const set = setOf(tab);
    for (const other of tabsOf(set)) {
      other.setAttribute("aria-selected", String(other === tab));
      other.tabIndex = other === tab ? 0 : -1;
    }
    sets.set(set, tab);
    show(set);
  }

  // ---- all sets of the page

  function selectEverywhere(tab) {
    select(tab);
    if (!isGrouped(tab)) return;
    for (const set of sets.keys()) {
      const same = tabsOf(set).find((other) => isGrouped(other) && label(other) === label(tab));
      if (same && set !== setOf(tab)) select(same);
    }
  }

  const announce = () => document.dispatchEvent(new Event("crossnotes:tabs"));

  function choose(tab) {
    const before = tab.getBoundingClientRect().top;
    selectEverywhere(tab);
    if (isGrouped(tab)) remember(label(tab));
    forgetQuery();
    announce();
    if (isGrouped(tab))
      document.dispatchEvent(new CustomEvent("crossnotes:chosen-tab", { detail: label(tab) }));
    // Sets above this one may have grown or shrunk: the tab stays under the pointer.
    scrollBy({ top: tab.getBoundingClientRect().top - before, behavior: "instant" });
  }

  // A ?tab= that the reader has since overruled must not come back on reload.
  function forgetQuery() {
    const url = new URL(location.href);
    if (!url.searchParams.has("tab")) return;
    url.searchParams.delete("tab");
    history.replaceState(history.state, "", url);
  }

  function revealAnchor() {
    let id;
    try {
      id = decodeURIComponent(location.hash.slice(1));
    } catch {
      return;
    }
    const target = id && document.getElementById(id);
    if (!target || !target.closest(`${PANEL}[hidden]`)) return;
    for (let panel = target.closest(PANEL); panel; panel = panel.parentElement.closest(PANEL))
      selectEverywhere(document.getElementById(panel.getAttribute("aria-labelledby")));
    target.scrollIntoView();
    announce();
  }

  // ---- the reader's hands

  const STEPS = {
    ArrowLeft: (index, last) => (index === 0 ? last : index - 1),
    ArrowRight: (index, last) => (index === last ? 0 : index + 1),
    Home: () => 0,
    End: (index, last) => last,
  };

  function onKey(event) {
    const step = STEPS[event.key];
    if (!step || event.ctrlKey || event.altKey || event.metaKey || event.shiftKey) return;
    const tabs = tabsOf(event.currentTarget.parentElement);
    const next = tabs[step(tabs.indexOf(event.target.closest("[role=tab]")), tabs.length - 1)];
    event.preventDefault();
    next.focus();
    choose(next);
  }

  function onClick(event) {
    const tab = event.target.closest("[role=tab]");
    if (tab) choose(tab);
  }

  // ---- the sets as they arrive: each is set up before its first panel is painted

  function start(set) {
    const tabs = tabsOf(set);
    const tablist = tabs[0].parentElement;
    const tab = startingTab(tabs);
    tablist.addEventListener("keydown", onKey);
    tablist.addEventListener("click", onClick);
    select(tab);
    if (isAsked(tab) && isGrouped(tab)) remember(label(tab));
  }

  const hasAllTabs = (set) =>
    tabsOf(set).length > 0 &&
    (document.readyState !== "loading" || set.querySelector(`:scope > ${PANEL}`));

  function update() {
    for (const set of document.querySelectorAll(SET)) {
      if (sets.has(set)) show(set);
      else if (hasAllTabs(set)) start(set);
    }
  }

  const arrivals = new MutationObserver(update);
  arrivals.observe(document, { childList: true, subtree: true });
  document.addEventListener("DOMContentLoaded", () => {
    arrivals.disconnect();
    update();
    revealAnchor();
    announce();
  });
  addEventListener("hashchange", revealAnchor);
  // Sent by crossnotes-chooser.js: the reader chose a database.
  document.addEventListener("crossnotes:choose-tab", (event) => {
    chosen = stored() ?? [event.detail, ...chosen];
    const isOf = (tab) => isGrouped(tab) && label(tab) === event.detail;
    const tab = [...sets.keys()].flatMap(tabsOf).find(isOf);
    if (!tab) return;
    selectEverywhere(tab);
    announce();
  });
})();
