// [data-shown-for="value"][data-shown-by="field"]: a part of a form that matters for one choice of a radio field only.
for (const part of document.querySelectorAll("[data-shown-for]")) {
  const form = part.closest("form");
  const update = () => {
    part.hidden = new FormData(form).get(part.dataset.shownBy) !== part.dataset.shownFor;
  };
  form.addEventListener("change", update);
  update();
}
