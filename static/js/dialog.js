// [data-dialog-open="id"]: opens that <dialog> instead of following the link to the page with the same form.
// [data-dialog-close] closes; so does a click on the backdrop. The browser gives the focus back by itself.
addEventListener("click", (event) => {
  const opener = event.target.closest("[data-dialog-open]");
  const dialog = opener && document.getElementById(opener.dataset.dialogOpen);
  if (dialog && !event.ctrlKey && !event.metaKey && !event.shiftKey) {
    event.preventDefault();
    opener.closest("details[data-menu]")?.removeAttribute("open");
    dialog.showModal();
    return;
  }
  if (event.target.closest("[data-dialog-close]")) event.target.closest("dialog")?.close();
});

// pointerdown, so that a selection dragged out of a field does not close the dialog
addEventListener("pointerdown", (event) => {
  const dialog = event.target;
  if (!(dialog instanceof HTMLDialogElement) || !dialog.open) return;
  const box = dialog.getBoundingClientRect();
  const inside = event.clientX >= box.left && event.clientX <= box.right && event.clientY >= box.top && event.clientY <= box.bottom;
  if (!inside) dialog.close();
});

// What was typed or shown in a dialog does not wait there for the next person.
addEventListener("close", (event) => event.target.querySelectorAll?.("form").forEach((form) => form.reset()), true);
