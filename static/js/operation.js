// form[data-operation]: does the work of a long operation piece by piece, for as long as the page is open, and shows how
// far it is. What is left when the page is closed, the server does in the next hour.
import { announce, ask } from "./ask.js";

const QUARTER = 25;
const form = document.querySelector("form[data-operation]");
const button = form.querySelector("button");
const bar = document.querySelector("[data-operation-bar]");
const words = document.querySelector("[data-operation-words]");
const problem = document.querySelector("[data-operation-problem]");
let announced = 0; // the last quarter that was said
let running = false;
let leaving = false;

function show({ done, total, percent, sentence }) {
  bar.max = Math.max(total, 1);
  bar.value = done;
  words.textContent = sentence;
  const quarter = Math.floor(percent / QUARTER) * QUARTER;
  if (quarter > announced && quarter < 100) announce(`${quarter} percent done.`);
  announced = Math.max(announced, quarter);
}

function stop(sentence) {
  running = false;
  button.hidden = false;
  problem.querySelector("[data-operation-reason]").textContent = sentence;
  problem.hidden = false;
}

async function run() {
  running = true;
  button.hidden = true;
  problem.hidden = true;
  while (running && !leaving) {
    try {
      const answer = await ask(form);
      show(answer);
      if (answer.ended) {
        running = false;
        announce(answer.sentence);
        location.replace(answer.url);
      } else if (answer.wait) {
        await new Promise((resume) => setTimeout(resume, 1000 * answer.wait)); // somebody else is at it
      }
    } catch (error) {
      if (!leaving) stop(`${error.message} What is done stays done.`);
    }
  }
}

addEventListener("submit", (event) => {
  if (event.target !== form) return;
  event.preventDefault();
  if (!running) run();
});
addEventListener("pagehide", () => { leaving = true; });
addEventListener("pageshow", (event) => { if (event.persisted) { leaving = false; run(); } });
run();
