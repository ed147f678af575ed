(function () {
  "use strict";

  // Sorting: up, down, and back to the report's own order.
  function key(row, column, numeric) {
    const cell = row.cells[column];
    if (!numeric) return cell.textContent.trim();
    return cell.dataset.sort ? Number(cell.dataset.sort) : null;
  }

  function sort(table, headings, column) {
    const heading = headings[column];
    const numeric = heading.classList.contains("number");
    const next = { none: "ascending", ascending: "descending", descending: "none" };
    const order = next[heading.getAttribute("aria-sort")];
    headings.forEach((other) => other.setAttribute("aria-sort", "none"));
    heading.setAttribute("aria-sort", order);
    const body = table.tBodies[0];
    const rows = Array.from(body.rows);
    const sign = order === "descending" ? -1 : 1;
    rows.sort(function (a, b) {
      const first = Number(a.dataset.place);
      const second = Number(b.dataset.place);
      if (order === "none") return first - second;
      const x = key(a, column, numeric);
      const y = key(b, column, numeric);
      // What has no value comes last either way.
      if (x === null || y === null) return (x === null) - (y === null) || first - second;
      const by = numeric ? x - y : x.localeCompare(y, "en", { numeric: true });
      return sign * by || first - second;
    });
    rows.forEach((row) => body.appendChild(row));
  }

  document.querySelectorAll("table.sortable").forEach(function (table) {
    Array.from(table.tBodies[0].rows).forEach((row, place) => (row.dataset.place = place));
    const headings = Array.from(table.tHead.rows[table.tHead.rows.length - 1].cells);
    headings.forEach(function (heading, column) {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...heading.childNodes);
      heading.append(button);
      heading.setAttribute("aria-sort", "none");
      button.addEventListener("click", () => sort(table, headings, column));
    });
  });

  // Filtering: a row stays if it holds every word.
  document.querySelectorAll(".filter").forEach(function (paragraph) {
    const input = paragraph.querySelector("input");
    const output = paragraph.querySelector("output");
    const rows = Array.from(document.getElementById(input.dataset.table).tBodies[0].rows);
    const texts = rows.map((row) =>
      Array.from(row.cells, (cell) => cell.textContent).join(" ").toLowerCase()
    );
    function filter() {
      const words = input.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      rows.forEach(function (row, index) {
        row.hidden = !words.every((word) => texts[index].includes(word));
        shown += row.hidden ? 0 : 1;
      });
      output.textContent = shown + " of " + rows.length + " rows";
    }
    paragraph.hidden = false;
    input.addEventListener("input", filter);
    input.addEventListener("change", filter);
    filter();
  });

  // Pictures open large; Esc or a click beside them closes them.
  const viewer = document.getElementById("viewer");
  const stage = viewer.querySelector(".stage");
  let opener = null;
  document.querySelectorAll("button.enlarge").forEach(function (button) {
    button.addEventListener("click", function () {
      opener = button;
      document.getElementById("viewer-title").textContent = button.dataset.title;
      const shot = button.closest(".shot");
      const parts = [button.firstElementChild.cloneNode(true)];
      if (shot) parts.push(shot.querySelector(".scores").cloneNode(true));
      stage.replaceChildren(...parts);
      viewer.classList.toggle("photo", Boolean(shot));
      viewer.showModal();
    });
  });
  document.getElementById("viewer-close").addEventListener("click", () => viewer.close());
  viewer.addEventListener("click", function (event) {
    if (event.target === viewer) viewer.close();
  });
  viewer.addEventListener("close", function () {
    stage.replaceChildren();
    if (opener) opener.focus();
  });

  // Light or dark, whatever the system says.
  const theme = document.getElementById("theme");
  const root = document.documentElement;
  const prefersDark = window.matchMedia("(prefers-color-scheme: dark)");
  function isDark() {
    return root.dataset.theme ? root.dataset.theme === "dark" : prefersDark.matches;
  }
  function name() {
    theme.textContent = isDark() ? "Light" : "Dark";
  }
  theme.hidden = false;
  theme.addEventListener("click", function () {
    root.dataset.theme = isDark() ? "light" : "dark";
    name();
  });
  prefersDark.addEventListener("change", name);
  name();

  // Where the reader is.
  const links = new Map();
  document.querySelectorAll("nav.contents a").forEach(function (link) {
    links.set(link.getAttribute("href").slice(1), link);
  });
  const seen = new Set();
  const observer = new IntersectionObserver(
    function (entries) {
      entries.forEach(function (entry) {
        if (entry.isIntersecting) seen.add(entry.target.id);
        else seen.delete(entry.target.id);
      });
      const first = Array.from(links.keys()).find((id) => seen.has(id));
      links.forEach(function (link, id) {
        if (id === first) link.setAttribute("aria-current", "true");
        else link.removeAttribute("aria-current");
      });
    },
    { rootMargin: "-20% 0px -60% 0px" }
  );
  links.forEach((link, id) => observer.observe(document.getElementById(id)));
  // On a narrow screen the contents would fill the first page.
  if (window.matchMedia("(max-width: 70rem)").matches) {
    document.querySelector("nav.contents details").removeAttribute("open");
  }
})();
