// details[data-menu]: only one is open; a click elsewhere or Escape closes it, Escape gives the focus back.
const openMenus = () => document.querySelectorAll("details[data-menu][open]");

addEventListener("click", (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
});

addEventListener("keydown", (event) => {
  if (event.key !== "Escape") return;
  for (const menu of openMenus()) {
    const inside = menu.contains(document.activeElement);
    menu.open = false;
    if (inside) menu.querySelector("summary").focus();
  }
});

addEventListener("focusin", (event) => {
  for (const menu of openMenus()) if (!menu.contains(event.target)) menu.open = false;
});

// arrow keys walk through the items
addEventListener("keydown", (event) => {
  const menu = document.activeElement?.closest?.("details[data-menu][open]");
  if (!menu || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
  const items = [...menu.querySelectorAll(".menu__item")];
  const step = event.key === "ArrowDown" ? 1 : -1;
  const next = items[(items.indexOf(document.activeElement) + step + items.length) % items.length];
  if (!next) return;
  event.preventDefault();
  next.focus();
});

// The tab of this page may lie beyond the edge of a narrow window: CSS scrolls to it (scroll-initial-target) where it can.
const tab = CSS.supports("scroll-initial-target", "nearest") ? null : document.querySelector(".tabs > [aria-current]");
if (tab) tab.parentElement.scrollLeft = tab.offsetLeft + tab.offsetWidth - tab.parentElement.clientWidth;
