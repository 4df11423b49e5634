// input[type=file][data-max-bytes]: says at once that a file is too large, before the whole form is sent for nothing.
addEventListener("change", (event) => {
  const input = event.target;
  if (!(input instanceof HTMLInputElement) || input.type !== "file" || !input.dataset.maxBytes) return;
  const limit = Number(input.dataset.maxBytes);
  const file = input.files[0];
  const tooLarge = file && file.size > limit;
  const size = limit >= 1048576 ? `${limit / 1048576} MiB` : `${limit / 1024} KiB`;
  input.setCustomValidity(tooLarge ? `${file.name} is larger than ${size}. Choose a smaller file.` : "");
  if (tooLarge) {
    input.reportValidity();
    input.value = "";
  }
});
