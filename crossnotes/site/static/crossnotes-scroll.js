// Code and tables that are wider than the window can be scrolled by the keyboard, and only those stop it.
"use strict";
(() => {
  const sizes = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      if (target.scrollWidth > target.clientWidth) target.tabIndex = 0;
      else target.removeAttribute("tabindex");
    }
  });
  for (const element of document.querySelectorAll("article pre, .table-wrapper")) sizes.observe(element);
})();
