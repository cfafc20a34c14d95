// furo's menu and contents, where they are folded away: opened by the keyboard they get the focus, Escape
// closes them, and so does leaving them. Loaded with the first key: see crossnotes/site/later.py.
"use strict";
(() => {
  const DRAWERS = { __navigation: ".sidebar-drawer", __toc: ".toc-drawer" };
  const SHOWN = "a[href], button, input, select";

  for (const [id, selector] of Object.entries(DRAWERS)) {
    const toggle = document.getElementById(id);
    const drawer = document.querySelector(selector);
    if (!toggle || !drawer) continue;
    const isFolded = () => getComputedStyle(toggle).display !== "none";

    function close() {
      toggle.checked = false;
      if (drawer.contains(document.activeElement)) toggle.focus();
    }

    toggle.addEventListener("change", () => {
      if (!toggle.checked || document.activeElement !== toggle) return;
      [...drawer.querySelectorAll(SHOWN)].find((each) => each.checkVisibility({ visibilityProperty: true }))?.focus();
    });
    // Enter, too: it is a button to those who see it.
    toggle.addEventListener("keydown", (event) => {
      if (event.key === "Enter") toggle.click();
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape" && toggle.checked && isFolded()) close();
    });
    drawer.addEventListener("focusout", (event) => {
      const to = event.relatedTarget;
      if (to && to !== toggle && !drawer.contains(to) && isFolded()) toggle.checked = false;
    });
    // A place on this page is not behind the contents that lead to it.
    drawer.addEventListener("click", (event) => {
      if (event.target.closest('a[href^="#"]') && isFolded()) toggle.checked = false;
    });
  }
})();
