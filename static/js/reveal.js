// form[data-reveal]: shows values in their rows, hides them again after the seconds that the server says, on a second
// press, and as soon as the page is left or out of sight. Values go into textContent and nowhere else.
import { announce, ask, complain } from "./ask.js";
import { countdown } from "./countdown.js";

const shown = new Map(); // row → function that hides it
const label = (form, text) => { form.querySelector("[data-reveal-label]").textContent = text; };
const all = document.querySelector('form[data-reveal=""]');

function element({ value, link }) {
  const block = /[\r\n]/.test(value);
  const made = document.createElement(link ? "a" : block ? "pre" : "code");
  made.className = block ? "revealed revealed--block" : "revealed";
  made.textContent = value;
  if (block) made.tabIndex = 0;
  if (link) Object.assign(made, { href: link, rel: "noreferrer noopener", target: "_blank" });
  return made;
}

function show(field, seconds) {
  const row = document.querySelector(`[data-secret-field="${field.name}"]`);
  const place = row?.querySelector("[data-secret-value]");
  const form = row?.querySelector("form[data-reveal]");
  if (!form) return;
  shown.get(row)?.();
  const sealed = [...place.childNodes];
  place.replaceChildren(element(field));
  row.dataset.state = "revealed";
  label(form, "Hide");
  const stop = countdown(seconds, { ring: row.querySelector("[data-ring]"), end: () => hide() });
  const hide = () => {
    stop();
    place.replaceChildren(...sealed);
    delete row.dataset.state;
    label(form, "Reveal");
    shown.delete(row);
    if (all && shown.size === 0) label(all, "Reveal all");
  };
  shown.set(row, hide);
}

const hideAll = () => [...shown.values()].forEach((hide) => hide());

addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-reveal]");
  if (!form) return;
  event.preventDefault();
  complain("");
  const row = form.closest("[data-secret-field]");
  if (row ? shown.has(row) : shown.size > 0) return row ? shown.get(row)() : hideAll();
  try {
    const answer = await ask(form);
    if (document.hidden) return;
    answer.fields.forEach((field) => show(field, answer.seconds));
    if (!row) label(form, "Hide all");
    announce(`Shown. Hidden again in ${answer.seconds} seconds.`);
  } catch (error) {
    complain(error.message);
  }
});
addEventListener("pagehide", hideAll);
document.addEventListener("visibilitychange", () => { if (document.hidden) hideAll(); });
