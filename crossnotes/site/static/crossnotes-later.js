// Loads scripts when the reader first does something: see crossnotes/site/later.py.
"use strict";
(() => {
  const SIGNS = ["pointermove", "pointerdown", "keydown", "scroll"];

  function load() {
    for (const sign of SIGNS) removeEventListener(sign, load);
    const template = document.getElementById("crossnotes-later");
    document.head.append(...template.content.querySelectorAll("link"));
    for (const inert of template.content.querySelectorAll("script")) {
      const script = document.createElement("script");
      script.async = false; // in their order
      script.src = inert.src;
      document.head.append(script);
    }
    template.remove();
  }

  function searched() {
    try {
      return localStorage.getItem("sphinx_highlight_terms");
    } catch {
      return null;
    }
  }

  if (searched()) load();
  else for (const sign of SIGNS) addEventListener(sign, load, { passive: true });
})();
