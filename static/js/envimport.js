// form[data-envimport]: a .env file dropped anywhere on the form is the chosen file; choosing one empties the box,
// since only one of the two counts.
const form = document.querySelector("form[data-envimport]");
const file = form?.querySelector("input[type=file]");
const text = form?.querySelector("textarea");

form?.addEventListener("dragover", (event) => {
  if ([...event.dataTransfer.types].includes("Files")) event.preventDefault();
});
form?.addEventListener("drop", (event) => {
  if (!event.dataTransfer.files.length) return;
  event.preventDefault();
  file.files = event.dataTransfer.files;
  file.dispatchEvent(new Event("change", { bubbles: true }));
});
file?.addEventListener("change", () => {
  if (file.files.length) text.value = "";
});
text?.addEventListener("input", () => {
  if (text.value) file.value = "";
});
