// The command palette: Ctrl-K or Cmd-K. The pages of the sidebar first, then what the server finds
// (data-palette-url?q=… answers {"results": [{label, detail, url, icon}]}). ARIA combobox with a listbox.
const dialog = document.querySelector("dialog[data-palette]");
const input = dialog.querySelector("input");
const list = dialog.querySelector("[role=listbox]");
const note = dialog.querySelector(".palette__note");
const blank = dialog.querySelector("template").content.firstElementChild;
const pages = [...document.querySelectorAll("[data-palette-entry]")].map(({ dataset, textContent, href }) => (
  { label: dataset.paletteEntry || textContent.trim(), detail: dataset.paletteDetail || "Page", url: href, icon: dataset.paletteIcon }
));
let timer, request, chosen = 0;

const optionOf = ({ label, detail = "", url, icon = "arrow-right" }, index) => {
  const option = blank.cloneNode(true);
  Object.assign(option, { id: `palette-option-${index}`, url });
  option.querySelector("use").setAttribute("href", `${dialog.dataset.sprite}#${icon}`);
  option.querySelector(".palette__label").textContent = label;
  option.querySelector(".palette__detail").textContent = detail;
  return option;
};
const choose = (index) => {
  chosen = Math.max(0, Math.min(index, list.children.length - 1));
  [...list.children].forEach((option, at) => option.setAttribute("aria-selected", String(at === chosen)));
  list.children[chosen]?.scrollIntoView({ block: "nearest" });
  input.setAttribute("aria-activedescendant", list.children[chosen]?.id ?? "");
};
const show = (found, searching) => {
  const typed = input.value.trim().toLocaleLowerCase();
  const entries = [...pages.filter(({ label }) => label.toLocaleLowerCase().includes(typed)), ...found];
  list.replaceChildren(...entries.map(optionOf));
  note.hidden = searching || entries.length > 0;
  choose(0);
};
const search = async () => {
  request?.abort();
  const own = request = new AbortController();
  const url = `${dialog.dataset.paletteUrl}?q=${encodeURIComponent(input.value.trim())}`;
  const answer = await fetch(url, { signal: own.signal }).then((response) => response.json()).catch(() => null);
  if (!own.signal.aborted) show(answer?.results ?? [], false);
};
const open = () => { dialog.showModal(); input.value = ""; show([], true); search(); };
const go = (option) => { // only to a page of this site
  if (new URL(option.url, location.origin).origin === location.origin) location.assign(option.url);
};

input.addEventListener("input", () => { show([], true); clearTimeout(timer); timer = setTimeout(search, 120); });
input.addEventListener("keydown", (event) => {
  const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
  if (!step && event.key !== "Enter") return;
  event.preventDefault();
  if (step) choose(chosen + step); else if (list.children[chosen]) go(list.children[chosen]);
});
list.addEventListener("click", (event) => event.target.closest("[role=option]") && go(event.target.closest("[role=option]")));
addEventListener("keydown", (event) => {
  if (event.key.toLowerCase() !== "k" || !(event.ctrlKey || event.metaKey) || event.altKey || event.shiftKey) return;
  event.preventDefault();
  if (dialog.open) dialog.close(); else if (!document.querySelector("dialog[open]")) open();
});
addEventListener("click", (event) => {
  const plain = !(event.ctrlKey || event.metaKey || event.shiftKey);
  if (plain && event.target.closest("[data-palette-open]")) { event.preventDefault(); open(); }
});
