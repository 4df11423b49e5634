// button[data-toggle-secret="#input"]: shows what is typed into a password field, and hides it again.
addEventListener("click", (event) => {
  const button = event.target.closest("button[data-toggle-secret]");
  const input = button && document.querySelector(button.dataset.toggleSecret);
  if (!input) return;
  const shown = input.type === "password";
  input.type = shown ? "text" : "password";
  button.setAttribute("aria-pressed", String(shown));
});

// A form that is sent holds passwords as passwords again, so that the browser's history of forms has none in clear.
addEventListener("submit", (event) => {
  for (const button of event.target.querySelectorAll("button[data-toggle-secret][aria-pressed=true]")) {
    document.querySelector(button.dataset.toggleSecret).type = "password";
  }
});
