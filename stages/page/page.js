"use strict";

// A table is sorted by a click on a column's head, and the other way round by the next.
for (const table of document.querySelectorAll("table.sortable")) {
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    if (!head.textContent) return;
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const key = (row) => row.cells[column].dataset.key ?? row.cells[column].textContent;
      const compare = (one, two) => {
        const [a, b] = [key(one), key(two)];
        const numbers = a !== "" && b !== "" && !isNaN(a) && !isNaN(b);
        return numbers ? a - b : a.localeCompare(b, "en", { numeric: true });
      };
      const rows = [...table.tBodies[0].rows].sort((one, two) => (down ? compare(two, one) : compare(one, two)));
      table.tBodies[0].append(...rows);
    });
  });
}

// The gallery shows the rows that fit all three choices.
const filter = document.getElementById("filter");
const rows = [...document.getElementById("rows").tBodies[0].rows];
function choose() {
  const wanted = [...new FormData(filter)].filter(([, value]) => value);
  for (const row of rows) row.hidden = !wanted.every(([name, value]) => row.dataset[name] === value);
  document.getElementById("shown").textContent = `${rows.filter((row) => !row.hidden).length} answers`;
}
filter.addEventListener("change", choose);
filter.addEventListener("submit", (event) => event.preventDefault());
choose();
