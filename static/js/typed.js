// input[data-typed="name"]: the form's buttons wait until the name is typed. The server checks it again.
for (const input of document.querySelectorAll("input[data-typed]")) {
  const buttons = input.form?.querySelectorAll("button:not([type=button])") ?? [];
  if (!buttons.length) continue;
  const apply = () => {
    for (const button of buttons) button.disabled = input.value.trim() !== input.dataset.typed;
  };
  input.addEventListener("input", apply);
  input.form.addEventListener("reset", () => setTimeout(apply));
  apply();
}
