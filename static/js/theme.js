// form[data-theme-form]: changes the theme in place, so that a half-filled form on the page is not lost.
// Without JavaScript the same form posts and the page comes back.
addEventListener("submit", async (event) => {
  const form = event.target.closest("form[data-theme-form]");
  const choice = event.submitter?.value;
  if (!form || !choice) return;
  event.preventDefault();
  const body = new FormData(form, event.submitter);
  document.documentElement.dataset.theme = choice;
  for (const button of document.querySelectorAll("[data-theme-form] button[name=theme]")) {
    button.setAttribute("aria-pressed", String(button.value === choice));
  }
  await fetch(form.action, { method: "POST", body: new URLSearchParams(body), redirect: "manual", credentials: "same-origin" });
});
