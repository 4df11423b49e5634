// Where opening a value asks for more (a code, a reason), the form for it appears in the place of the value. Its answers
// go where the first request went; `send` sends them with it.
let close = () => {};

function shape(box, { reason, asks, errors }) {
  box.querySelector("[data-opening-ask]").textContent = reason;
  for (const input of box.querySelectorAll(".field [name]")) {
    const field = input.closest(".field");
    const asked = input.name === "reason" ? asks.reason : asks.step_up;
    field.hidden = input.disabled = !asked;
    field.querySelector(".field__error")?.remove();
    const wrong = asked ? errors[input.name] : null;
    field.classList.toggle("field--invalid", Boolean(wrong));
    input.setAttribute("aria-invalid", String(Boolean(wrong)));
    if (!wrong) continue;
    const problem = Object.assign(document.createElement("p"), { className: "field__error", id: `${input.id}_error`, textContent: wrong.join(" ") });
    field.append(problem);
    input.setAttribute("aria-describedby", problem.id);
  }
  const fields = [...box.querySelectorAll(".field [name]:enabled")];
  (fields.find((input) => errors[input.name]) ?? fields.find((input) => !input.value) ?? fields[0])?.focus();
}

export function opened(form, asked, send) {
  const template = document.querySelector("template[data-opening]");
  if (!template) throw new Error(asked.reason);
  close();
  const box = template.content.firstElementChild.cloneNode(true);
  const row = form.closest(".secret-field");
  if (row) row.append(box);
  else form.closest("section").querySelector("header").after(box);
  shape(box, asked);
  return new Promise((resolve, reject) => {
    const gone = () => { box.remove(); close = () => {}; };
    close = () => { gone(); reject(new Error("")); };
    box.querySelector("[data-opening-cancel]").addEventListener("click", () => close());
    box.addEventListener("submit", async (event) => {
      event.preventDefault();
      event.stopPropagation();
      const button = box.querySelector("button");
      button.disabled = true;
      try {
        const answer = await send(new FormData(box));
        button.disabled = false;
        if (answer.asks) return shape(box, answer);
        gone();
        resolve(answer);
      } catch (error) {
        gone();
        reject(error);
      }
    });
  });
}
addEventListener("pagehide", () => close());
