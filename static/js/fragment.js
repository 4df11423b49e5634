// input[data-from-fragment]: a one-time token travels behind the # of a link, which browsers send to no server.
// It moves into the form and out of the address bar and the history. Without JavaScript the labelled field stays.
const field = document.querySelector("input[data-from-fragment]");
const fragment = decodeURIComponent(location.hash.slice(1));
const token = fragment.startsWith("token=") ? fragment.slice("token=".length) : fragment;

// #main and the like are places on the page, not tokens
if (field && token && !document.getElementById(token)) {
  field.value = token;
  history.replaceState(history.state, "", location.pathname + location.search);
  const row = field.closest(".field");
  if (row && !row.classList.contains("field--invalid")) row.hidden = true;
}
