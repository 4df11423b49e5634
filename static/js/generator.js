// a[data-generator="#input"]: opens the generator in a dialog, and puts what was made into the field.
// Without JavaScript the link opens the generator's own page.
import { ask } from "./ask.js";

const dialog = document.getElementById("generator-dialog");
const form = dialog?.querySelector("form[data-generator-form]");
const output = dialog?.querySelector("[data-generator-text]");
const strength = dialog?.querySelector("[data-generator-strength]");
let target = null;

async function generate() {
  try {
    const made = await ask(form);
    output.textContent = made.text;
    strength.textContent = `${made.bits} bits of entropy: ${made.strength}.`;
  } catch (error) {
    output.textContent = "";
    strength.textContent = error.message;
  }
}

addEventListener("click", (event) => {
  const opener = event.target.closest("a[data-generator]");
  if (!opener || !dialog || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  target = document.querySelector(opener.dataset.generator);
  dialog.showModal();
  form.dispatchEvent(new Event("change"));
  generate();
});
form?.addEventListener("submit", (event) => {
  event.preventDefault();
  generate();
});
form?.addEventListener("change", (event) => {
  if (event.isTrusted) generate();
});
dialog?.querySelector("[data-generator-use]").addEventListener("click", () => {
  if (target && output.textContent) {
    target.value = output.textContent;
    target.dispatchEvent(new Event("input", { bubbles: true }));
  }
  dialog.close();
  target?.focus();
});
dialog?.addEventListener("close", () => { output.textContent = ""; strength.textContent = ""; });
