// input[data-filter="#list"]: shows only the entries that hold every typed word.
// Entries: [data-filter-text] inside the list, or its li / tbody tr by their text.
for (const input of document.querySelectorAll("input[data-filter]")) {
  const selector = input.dataset.filter;
  const list = document.querySelector(selector);
  if (!list) continue;
  const empty = [...document.querySelectorAll("[data-filter-empty]")].find((element) => element.dataset.filterEmpty === selector);
  const marked = [...list.querySelectorAll("[data-filter-text]")];
  const entries = marked.length ? marked : [...list.querySelectorAll("tbody > tr, :scope > li")];
  const text = (entry) => (entry.dataset.filterText ?? entry.textContent).toLocaleLowerCase();

  const apply = () => {
    const words = input.value.toLocaleLowerCase().split(/\s+/).filter(Boolean);
    let shown = 0;
    for (const entry of entries) {
      entry.hidden = !words.every((word) => text(entry).includes(word));
      if (!entry.hidden) shown += 1;
    }
    if (empty) empty.hidden = shown > 0;
    document.getElementById("live").textContent = words.length ? `${shown} of ${entries.length} shown` : "";
  };
  input.addEventListener("input", apply);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter") event.preventDefault();
  });
  if (input.value) apply();
}
