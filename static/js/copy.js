// form[data-copy-secret]: fetches a value straight into the clipboard and clears it after the seconds that the server says.
// button[data-copy="#element"]: copies what is on the page already.
import { announce, ask, complain } from "./ask.js";
import { countdown } from "./countdown.js";

let stop = () => {};
let restore = () => {};

// The promise is handed over within the click: Safari grants the clipboard to nothing that comes later.
async function write(text) {
  if (!navigator.clipboard) throw new Error("Your browser lets pages copy over https only. Reveal the value and copy it by hand.");
  const blob = text.then((value) => new Blob([value], { type: "text/plain" }));
  try {
    await navigator.clipboard.write([new ClipboardItem({ "text/plain": blob })]);
  } catch {
    await navigator.clipboard.writeText(await text); // what failed in fetching says so here; older browsers take no promise
  }
}

// Overwrites the clipboard, unless it may be looked at and holds something else by now. Needs the page to have the focus.
async function clear(text) {
  if (!document.hasFocus()) {
    announce("The clipboard is cleared as soon as you come back to this page.");
    await new Promise((resolve) => addEventListener("focus", resolve, { once: true }));
  }
  const reading = await navigator.permissions?.query({ name: "clipboard-read" }).catch(() => null);
  if (reading?.state === "granted" && (await navigator.clipboard.readText()) !== text) return;
  await navigator.clipboard.writeText("");
  announce("The clipboard is cleared.");
}

addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-copy-secret]");
  if (!form) return;
  event.preventDefault();
  complain("");
  stop();
  restore();
  const label = form.querySelector("[data-copy-label]");
  const asking = ask(form);
  const text = asking.then((answer) => answer.fields[0].value);
  try {
    await write(text);
    const value = await text;
    const { seconds } = await asking;
    announce(`Copied. The clipboard is cleared in ${seconds} seconds.`);
    restore = () => { label.textContent = "Copy"; };
    const failed = () => complain("The clipboard could not be cleared. Copy something else over it.");
    stop = countdown(seconds, { tick: (left) => { label.textContent = `Copied, ${left} s`; }, end: () => { restore(); clear(value).catch(failed); } });
  } catch (error) {
    complain(error.name === "NotAllowedError" ? "Your browser did not let this page copy. Reveal the value and copy it by hand." : error.message);
  }
});

addEventListener("click", async (event) => {
  const button = event.target.closest("button[data-copy]");
  const source = button && document.querySelector(button.dataset.copy);
  if (!source) return;
  const failed = await write(Promise.resolve(source.value ?? source.textContent)).then(() => null, (error) => error);
  announce(failed ? `It could not be copied. ${failed.message}` : "Copied.");
  button.dataset.state = failed ? "failed" : "copied";
  button.title = failed ? "Not copied" : "Copied";
});
