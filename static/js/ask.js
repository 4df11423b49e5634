import { opened } from "./opening.js";

async function send(form, answers = new FormData()) {
  const body = new FormData(form);
  answers.forEach((text, name) => body.set(name, text));
  const options = { method: "POST", body, headers: { Accept: "application/json" }, redirect: "manual", cache: "no-store" };
  const answer = await fetch(form.action, options).catch(() => {
    throw new Error("The server could not be reached. Check your connection and try again.");
  });
  if (answer.type === "opaqueredirect") {
    location.reload(); // signed out meanwhile: the page leads to signing in
    throw new Error("You are signed out. Sign in again.");
  }
  const json = await answer.json().catch(() => ({}));
  if (!answer.ok && !json.asks) throw new Error(json.reason || json.error || "That did not work. Reload the page and try again.");
  return json;
}

// Sends a form and gives the JSON answer, after asking for what opening a value takes; throws an Error with a sentence for
// the person, or with none if the person gave up.
export async function ask(form) {
  const answer = await send(form);
  return answer.asks ? { ...(await opened(form, answer, (answers) => send(form, answers))), asked: true } : answer;
}

// Says something to screen readers, in the shell's polite live region.
export function announce(sentence) {
  document.getElementById("live").textContent = sentence;
}

// Shows, or with "" takes away, what went wrong.
export function complain(sentence) {
  const problem = document.querySelector("[data-reveal-problem]");
  if (!problem) return announce(sentence);
  problem.textContent = sentence;
  problem.hidden = !sentence;
}
