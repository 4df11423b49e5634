// The command palette: Ctrl-K or Cmd-K. Pages of the sidebar first, then what the server finds
// (data-palette-url?q=… answers {"results": [{label, detail, url, icon}]}). ARIA combobox with a listbox.
const dialog = document.querySelector("dialog[data-palette]");
const input = dialog.querySelector("input");
const list = dialog.querySelector("[role=listbox]");
const note = dialog.querySelector(".palette__note");
const pages = [...document.querySelectorAll("[data-palette-entry]")].map((link) => ({ label: link.textContent.trim(), detail: "Page", url: link.href, icon: link.dataset.paletteIcon }));
let timer, request, chosen = 0;

const element = (name, className, text) => Object.assign(document.createElement(name), { className, textContent: text });
const icon = (name) => {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  svg.append(document.createElementNS("http://www.w3.org/2000/svg", "use"));
  svg.firstChild.setAttribute("href", `${dialog.dataset.sprite}#${name}`);
  return svg;
};
const choose = (index) => {
  chosen = Math.max(0, Math.min(index, list.children.length - 1));
  [...list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === chosen)));
  list.children[chosen]?.scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", list.children[chosen]?.id ?? "");
};
const go = (option) => {
  const url = new URL(option.dataset.url, location.origin);
  if (url.origin === location.origin) location.assign(url);
};
const show = (found) => {
  const typed = input.value.trim().toLocaleLowerCase();
  const entries = [...pages.filter((page) => page.label.toLocaleLowerCase().includes(typed)), ...found];
  list.replaceChildren(...entries.map((entry, at) => {
    const option = element("li", "palette__item", "");
    Object.assign(option, { id: `palette-option-${at}`, role: "option" });
    option.dataset.url = entry.url;
    option.append(icon(entry.icon || "arrow-right"), element("span", "palette__label", entry.label), element("span", "palette__detail", entry.detail ?? ""));
    return option;
  }));
  note.hidden = entries.length > 0;
  choose(0);
};
const search = async () => {
  request?.abort();
  request = new AbortController();
  const url = `${dialog.dataset.paletteUrl}?q=${encodeURIComponent(input.value.trim())}`;
  const answer = await fetch(url, { signal: request.signal, headers: { Accept: "application/json" } }).catch(() => null);
  if (answer?.ok) show((await answer.json()).results);
};
const open = () => { dialog.showModal(); input.value = ""; show([]); search(); };

input.addEventListener("input", () => { show([]); clearTimeout(timer); timer = setTimeout(search, 120); });
input.addEventListener("keydown", (event) => {
  const moves = { ArrowDown: chosen + 1, ArrowUp: chosen - 1 };
  if (event.key in moves) choose(moves[event.key]);
  else if (event.key === "Enter" && list.children[chosen]) go(list.children[chosen]);
  else return;
  event.preventDefault();
});
list.addEventListener("click", (event) => { const option = event.target.closest("[role=option]"); if (option) go(option); });
addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  event.preventDefault();
  if (dialog.open) dialog.close(); else if (!document.querySelector("dialog[open]")) open();
});
addEventListener("click", (event) => {
  if (!event.target.closest("[data-palette-open]") || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  open();
});
