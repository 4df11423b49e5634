// [data-filled-for="15"]: stored values that were filled into a form are emptied again after so many seconds, wherever
// they were not changed: what is left blank stays as it is stored.
const told = document.querySelector("[data-filled-for]");
const fields = [...document.querySelectorAll('[name^="field_"]')].filter((field) => field.type !== "file" && field.defaultValue);

setTimeout(() => {
  const untouched = fields.filter((field) => field.value === field.defaultValue);
  for (const field of untouched) {
    field.value = field.defaultValue = "";
    field.placeholder = "Unchanged";
  }
  told.querySelector("p").textContent = "The stored values are hidden again. What you changed is still here; what is blank stays as it is stored.";
}, Number(told.dataset.filledFor) * 1000);
