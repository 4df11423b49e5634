// input[data-typed="name"]: the form's button waits until the name is typed. The server checks it again.
for (const input of document.querySelectorAll("input[data-typed]")) {
  const button = input.form?.querySelector("button:not([type=button])");
  if (!button) continue;
  const apply = () => {
    button.disabled = input.value.trim() !== input.dataset.typed;
  };
  input.addEventListener("input", apply);
  input.form.addEventListener("reset", () => setTimeout(apply));
  apply();
}
