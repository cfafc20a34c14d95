// "Was this right on your version?" below each block: the page's own link to an issue, with the block and the
// versions that it was seen to work on. A block gets it when its line is unfolded.
"use strict";
(() => {
  const ofPage = document.querySelector("a.crossnotes-issue");

  const isBlock = (element) => /^block-\d+$/.test(element.id);

  function blockAbove(below) {
    for (let each = below.previousElementSibling; each; each = each.previousElementSibling) {
      const found = [each, ...each.querySelectorAll("[id^=block-]")].find(isBlock);
      if (found) return found.id;
    }
    return "";
  }

  function add(event) {
    const chip = event.target;
    if (!chip.matches?.(".crossnotes-chip") || !chip.open || chip.querySelector(".crossnotes-issue")) return;
    const block = blockAbove(chip.closest(".crossnotes-below"));
    const link = ofPage.cloneNode(true);
    const url = new URL(link.href);
    const [title, body] = [...url.searchParams.keys()];
    const [page, versions, rest] = url.searchParams.get(body).split("\n\n");
    const rows = [...chip.querySelectorAll("tr")].map((row) => [...row.cells].map((cell) => cell.textContent.trim()));
    const seen = rows.map((cells) => cells.filter((text) => text).join(", ")).join("\n");
    url.searchParams.set(title, url.searchParams.get(title).replace(": ", `, ${block}: `));
    url.searchParams.set(body, [`${page}#${block}`, seen || versions, rest].join("\n\n"));
    link.href = url;
    chip.append(" ", link);
  }

  if (ofPage) document.addEventListener("toggle", add, true); // it does not bubble
})();
