"use strict";
// Text of students is only ever cloned from a <template> or set as textContent.
(() => {
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  const byId = (id) => document.getElementById(id);
  document.documentElement.classList.add("js");

  // --- zoom of the pictures ---------------------------------------------------------------------

  const LEVELS = [1, 1.5, 2, 3, 4, 6, 8, 12, 16];

  function zoom(figure, change) {
    const scroll = figure.querySelector(".scroll");
    const picture = scroll.querySelector("svg");
    const old = Number(figure.dataset.level || 0);
    const level = change === 0 ? 0 : Math.min(Math.max(old + change, 0), LEVELS.length - 1);
    const middle = (scroll.scrollLeft + scroll.clientWidth / 2) / scroll.scrollWidth;
    figure.dataset.level = level;
    picture.style.width = LEVELS[level] * 100 + "%";
    scroll.scrollLeft = middle * scroll.scrollWidth - scroll.clientWidth / 2;
    figure.querySelector("output").textContent = LEVELS[level] * 100 + " %";
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-zoom]");
    if (button) zoom(button.closest("figure"), Number(button.dataset.zoom));
  });

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const scroll = event.target.closest(".scroll");
    const change = { "+": 1, "=": 1, "-": -1, "\u2212": -1, "0": 0 }[event.key];
    if (!scroll || change === undefined) return;
    zoom(scroll.closest("figure"), change);
    event.preventDefault();
  });

  // --- the table of a class ---------------------------------------------------------------------

  const table = byId("table");
  if (!table) return;
  const body = table.tBodies[0];
  const headers = all("thead th", table);
  const plain = (text) => text.normalize("NFD").replace(/[\u0300-\u036f]/g, "").toLowerCase();
  let rows = Array.from(body.rows).map((row) => ({
    row,
    text: plain(row.textContent),
    tags: row.dataset.tags.split(" "),
    link: row.querySelector("th a"),
  }));

  const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

  function sort(column) {
    const down = headers[column].getAttribute("aria-sort") === "ascending";
    const values = new Map(rows.map((each) => {
      const cell = each.row.cells[column];
      return [each, "v" in cell.dataset ? Number(cell.dataset.v) : cell.textContent];
    }));
    const sign = down ? -1 : 1;
    rows.sort((one, other) => {
      const a = values.get(one), b = values.get(other);
      return sign * (typeof a === "number" ? a - b : collator.compare(a, b));
    });
    for (const header of headers) header.removeAttribute("aria-sort");
    headers[column].setAttribute("aria-sort", down ? "descending" : "ascending");
    body.append(...rows.map((each) => each.row));
  }

  headers.forEach((header, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = header.textContent;
    button.addEventListener("click", () => sort(column));
    header.replaceChildren(button);
  });

  const find = byId("find"), show = byId("show"), count = byId("count");

  function filter() {
    const wanted = plain(find.value.trim()).split(/\s+/), tag = show.value;
    let shown = 0;
    for (const each of rows) {
      const fits = (!tag || each.tags.includes(tag)) && wanted.every((w) => each.text.includes(w));
      each.row.hidden = !fits;
      shown += fits;
    }
    count.textContent = shown + " of " + rows.length + (rows.length === 1 ? " student" : " students");
  }

  find.addEventListener("input", filter);
  show.addEventListener("change", filter);
  find.form.addEventListener("submit", (event) => event.preventDefault());
  byId("everybody").addEventListener("click", () => {
    find.value = show.value = "";
    filter();
    find.focus();
  });
  for (const button of all("[data-pick]")) {
    button.addEventListener("click", () => {
      find.value = "";
      show.value = button.dataset.pick;
      filter();
      byId("students").scrollIntoView();
      show.focus({ preventScroll: true });
    });
  }
  body.addEventListener("click", (event) => {
    const link = event.target.closest("tr").querySelector("th a");
    if (link && !event.target.closest("a") && !String(getSelection())) link.click();
  });
  filter();

  // --- one student at a time, named by the part of the address after "#" --------------------------

  const classView = byId("class"), studentView = byId("student"), section = byId("section");
  const title = document.title;
  let open = null, scrolled = 0;

  function step(link, target) {
    if (target) link.href = target.link.getAttribute("href");
    else link.removeAttribute("href");
    link.setAttribute("aria-disabled", String(!target));
  }

  function openStudent(index) {
    if (open === null) scrolled = scrollY;
    open = index;
    section.replaceChildren(byId("t" + index).content.cloneNode(true));
    classView.hidden = true;
    studentView.hidden = false;
    const shown = rows.filter((each) => each.link && !each.row.hidden);
    const here = shown.findIndex((each) => each.link.getAttribute("href") === "#s" + index);
    byId("place").textContent = here < 0 ? "" : here + 1 + " of " + shown.length;
    step(byId("previous"), shown[here - 1]);
    step(byId("next"), here < 0 ? undefined : shown[here + 1]);
    const heading = section.querySelector("h1");
    document.title = heading.textContent + " \u2013 " + title;
    scrollTo(0, 0);
    heading.focus({ preventScroll: true });
  }

  function closeStudent() {
    const link = classView.querySelector('th a[href="#s' + open + '"]');
    open = null;
    section.replaceChildren();
    studentView.hidden = true;
    classView.hidden = false;
    document.title = title;
    scrollTo(0, scrolled);
    if (link) link.focus({ preventScroll: true });
  }

  function route() {
    const [, index, line] = /^#s(\d+)(-L\d+)?$/.exec(location.hash) || [];
    if (index !== undefined && byId("t" + index)) {
      if (open !== index) openStudent(index);
      const marked = line && byId("s" + index + line);
      if (marked) marked.scrollIntoView({ block: "center" });
    } else if (open !== null) closeStudent();
  }

  addEventListener("hashchange", route);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && open !== null) location.hash = "#class";
  });
  route();
})();
