// Offers a page's code for the tab that is chosen; without scripts, for all of them.
"use strict";
document.addEventListener("crossnotes:tabs", () => {
  const tabs = [...document.querySelectorAll('[role="tab"][data-tab]')];
  for (const link of document.querySelectorAll(".crossnotes-downloads a[data-tab]")) {
    const own = tabs.filter((tab) => tab.dataset.tab === link.dataset.tab);
    link.hidden = own.length > 0 && !own.some((tab) => tab.ariaSelected === "true");
  }
});
