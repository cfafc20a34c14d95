// Copies the page as Markdown; where that is not possible, the link leads to it. Loaded when the reader first
// does something: see crossnotes/site/later.py.
"use strict";
(() => {
  for (const link of document.querySelectorAll(".crossnotes-markdown")) {
    const text = link.textContent;
    link.setAttribute("role", "button");

    async function copy(event) {
      event.preventDefault();
      try {
        const answer = await fetch(link.href);
        if (!answer.ok) throw new Error(answer.statusText);
        await navigator.clipboard.writeText(await answer.text());
        link.textContent = link.dataset.done;
        setTimeout(() => (link.textContent = text), 2000);
      } catch {
        location.assign(link.href);
      }
    }

    link.addEventListener("click", copy);
    link.addEventListener("keydown", (event) => {
      if (event.key === " ") copy(event);
    });
  }
})();
