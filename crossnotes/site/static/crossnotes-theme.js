// Light or dark, as the reader chose, before anything is drawn. furo has this in the page itself.
"use strict";
(() => {
  let chosen = null;
  try {
    chosen = localStorage.getItem("theme");
  } catch {} // no storage, no choice
  document.body.dataset.theme = chosen || "auto";
})();
