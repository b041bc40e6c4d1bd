// A click on a heading sorts a table by it: numbers by the store's value, the largest first, texts by the language. A
// second click turns it round, a third gives the page's own order back. It lasts while the page is open.
"use strict";

const sorts = new Map();

function value(row, column) {
  const cell = row.cells[column];
  return cell.dataset.v === undefined ? cell.textContent.trim() : Number(cell.dataset.v);
}

function compare(one, other, direction) {
  const empty = (what) => what === "" || what === "–" || Number.isNaN(what);
  if (empty(one) || empty(other)) {
    return empty(one) - empty(other);  // what is not there is last, whichever way
  }
  if (typeof one === "number" && typeof other === "number") {
    return direction * (one - other);
  }
  return direction * String(one).localeCompare(String(other), document.documentElement.lang, { numeric: true });
}

// Makes the headings of a panel's table buttons, and sorts as was asked before it was drawn anew.
function makeSortable(panel) {
  const table = panel.querySelector(".body > table");
  if (!table || table.classList.contains("words") || table.tBodies[0].rows.length < 2) {
    return;
  }
  const own = [...table.tBodies[0].rows];
  const heads = [...table.tHead.rows[0].cells];
  const apply = () => {
    const { column, direction } = sorts.get(panel.id) || {};
    const rows = direction
      ? [...own].sort((one, other) => compare(value(one, column), value(other, column), direction))
      : own;
    table.tBodies[0].append(...rows);
    heads.forEach((head, index) => {
      const order = direction && index === column ? (direction > 0 ? "ascending" : "descending") : "none";
      head.setAttribute("aria-sort", order);
    });
  };
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = head.textContent;
    head.replaceChildren(button);
    button.addEventListener("click", () => {
      const before = sorts.get(panel.id);
      const first = own.some((row) => typeof value(row, column) === "number") ? -1 : 1;
      if (!before || before.column !== column) {
        sorts.set(panel.id, { column, direction: first });
      } else if (before.direction === first) {
        sorts.set(panel.id, { column, direction: -first });
      } else {
        sorts.delete(panel.id);
      }
      apply();
    });
  });
  apply();
}
