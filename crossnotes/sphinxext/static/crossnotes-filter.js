// The choice above a long table. `show` in the address of a page asks for a kind of rows. In the head, so that
// the form is there from the first moment on.
"use strict";
(() => {
  document.documentElement.classList.add("crossnotes-filters");

  function apply(form) {
    const of = document.getElementById(form.dataset.of);
    const kind = form.querySelector("input:checked")?.value ?? "";
    const word = form.querySelector('input[type="search"]').value.trim().toLowerCase();
    const rows = [...of.querySelectorAll(".crossnotes-row")];
    for (const row of rows) {
      const isOfKind = !kind || row.classList.contains(`crossnotes-has-${kind}`);
      row.hidden = !isOfKind || !row.textContent.toLowerCase().includes(word);
    }
    for (const part of of.querySelectorAll("[data-with]"))
      part.hidden = Boolean(kind) && !part.dataset.with.split(" ").includes(kind);
    for (const part of of.querySelectorAll(".crossnotes-rows"))
      part.hidden = !part.querySelector(".crossnotes-row:not([hidden])");
    const output = form.querySelector("output");
    const shown = rows.filter((row) => !row.hidden).length;
    output.value = output.dataset.said.replace("{number}", shown).replace("{all}", rows.length);
  }

  function remember(event) {
    const url = new URL(location.href);
    if (event.target.value) url.searchParams.set("show", event.target.value);
    else url.searchParams.delete("show");
    history.replaceState(history.state, "", url);
  }

  function start() {
    const asked = new URLSearchParams(location.search).get("show");
    for (const form of document.querySelectorAll(".crossnotes-filter")) {
      const radios = [...form.querySelectorAll('input[type="radio"]')];
      const wanted = radios.find((radio) => radio.value === asked);
      if (wanted) wanted.checked = true;
      form.addEventListener("input", () => apply(form));
      form.addEventListener("submit", (event) => event.preventDefault());
      for (const radio of radios) radio.addEventListener("change", remember);
      apply(form);
    }
    // A link may lead to what was left out until now.
    if (location.hash && asked) document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }

  document.addEventListener("DOMContentLoaded", start);
})();
