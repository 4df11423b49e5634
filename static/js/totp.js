// form[data-totp]: shows a login's one-time code with its countdown, then hides it. One that is about to change is
// followed by the next one, once.
import { announce, ask, complain } from "./ask.js";
import { countdown } from "./countdown.js";

const SHORT = 10;
let hide = () => {};

function element(name, className, text = "") {
  return Object.assign(document.createElement(name), { className, textContent: text });
}

async function show(form, follow) {
  const { code, seconds_left: left, period, seconds: shown, asked } = await ask(form);
  if (document.hidden) return;
  hide();
  const row = form.closest("[data-totp-row]");
  const place = row.querySelector("[data-totp-value]");
  const sealed = [...place.childNodes];
  const box = element("span", "totp");
  const digits = element("code", "totp__code", code.replace(/(\d{3})(?=\d)/g, "$1 ").trim());
  const remaining = element("span", "totp__seconds");
  const ring = document.querySelector("svg[data-ring]").cloneNode(true);
  ring.classList.add("ring--large");
  box.append(digits, ring, remaining);
  place.replaceChildren(box);
  row.dataset.state = "revealed";
  form.querySelector("[data-totp-label]").textContent = "Hide code";
  announce(`Code ${[...code].join(" ")}, ${left} seconds left.`);
  const again = () => { hide(); if (follow && !asked && left < SHORT && shown === left) show(form, false).catch((error) => complain(error.message)); };
  const stop = countdown(shown, { ring, period, tick: (now) => { remaining.textContent = `${now} s`; }, end: again });
  hide = () => {
    stop();
    place.replaceChildren(...sealed);
    delete row.dataset.state;
    form.querySelector("[data-totp-label]").textContent = "Show code";
    hide = () => {};
  };
}

addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-totp]");
  if (!form) return;
  event.preventDefault();
  complain("");
  if (form.closest("[data-totp-row]").dataset.state === "revealed") return hide();
  await show(form, true).catch((error) => complain(error.message));
});
addEventListener("pagehide", () => hide());
document.addEventListener("visibilitychange", () => { if (document.hidden) hide(); });
