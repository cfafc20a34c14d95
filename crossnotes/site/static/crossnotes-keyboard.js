// furo's menu and contents, where they are folded away: opened by the keyboard they get the focus, Escape
// closes them, and so does leaving them. Loaded with the first key: see crossnotes/site/later.py.
"use strict";
(() => {
  const DRAWERS = { __navigation: ".sidebar-drawer", __toc: ".toc-drawer" };
  const SHOWN = "a[href], button, input, select";

  for (const [id, selector] of Object.entries(DRAWERS)) {
    const toggle = document.getElementById(id);
    const drawer = document.querySelector(selector);
    const buttons = [...document.querySelectorAll(`label[for=${id}] [role=button]`)];
    if (!toggle || !drawer) continue;
    const isShown = (each) => each.checkVisibility({ visibilityProperty: true });
    const isFolded = () => buttons.some(isShown);
    let from = null; // the button that opened it

    function tell() {
      for (const button of buttons) button.setAttribute("aria-expanded", String(toggle.checked));
    }

    function set(open) {
      toggle.checked = open;
      tell();
    }

    function press(event) {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      set(!toggle.checked);
      from = event.currentTarget;
      if (toggle.checked) [...drawer.querySelectorAll(SHOWN)].find(isShown)?.focus();
    }

    for (const button of buttons) button.addEventListener("keydown", press);
    toggle.addEventListener("change", tell);
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || !toggle.checked || !isFolded()) return;
      set(false);
      (from ?? buttons.find(isShown))?.focus();
    });
    drawer.addEventListener("focusout", (event) => {
      const to = event.relatedTarget;
      if (to && !drawer.contains(to) && isFolded()) set(false);
    });
    // A place on this page is not behind the contents that lead to it.
    drawer.addEventListener("click", (event) => {
      if (event.target.closest('a[href^="#"]') && isFolded()) set(false);
    });
    tell();
  }
})();
