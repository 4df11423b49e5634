// [data-dismiss] removes the [data-dismissible] around it; the focus moves to the page, not to nowhere.
addEventListener("click", (event) => {
  const message = event.target.closest("[data-dismiss]")?.closest("[data-dismissible]");
  if (!message) return;
  message.remove();
  document.getElementById("main")?.focus({ preventScroll: true });
});

// A form that came back with errors: the summary is where to read on.
document.querySelector("[data-error-summary]")?.focus();
