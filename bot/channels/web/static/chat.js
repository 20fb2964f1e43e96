// Sends forms without reloading the page, so that the talk stays in view. Without this script the forms work by themselves.
// Nothing is kept: no storage, no cookies. The words that are shown come from the server's templates.
"use strict";

(() => {
  const log = document.getElementById("log");
  const say = document.getElementById("say");

  const exit = document.querySelector(".exit");
  exit.addEventListener("click", (event) => {
    event.preventDefault();
    document.documentElement.hidden = true;
    window.location.replace(exit.href);
  });

  document.addEventListener("submit", (event) => {
    if (event.submitter && event.submitter.hasAttribute("data-print")) {
      event.preventDefault();
      window.print();
    }
  });

  if (!log || !say) return;
  const text = say.elements.namedItem("text");
  const session = say.elements.namedItem("session");
  let sending = false;

  const add = (template) => {
    const part = document.getElementById(template).content.firstElementChild.cloneNode(true);
    log.append(part);
    return part;
  };

  const show = (part) => part.scrollIntoView({ block: "start" });

  const send = async (fields, said) => {
    sending = true;
    const typed = !fields.has("choice");
    fields.set("session", session.value);
    const yours = add("your-turn");
    yours.querySelector(".said").textContent = said.trim();
    const waiting = add("waiting");
    document.querySelectorAll("form button").forEach((button) => { button.disabled = true; });
    try {
      const response = await fetch("/", { method: "POST", body: fields, headers: { "x-part": "turn" }, cache: "no-store" });
      const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
      const turn = parsed.querySelector(".turn");
      if (!turn) throw new Error("no turn");
      // A refused request ends the conversation only where the server no longer has it.
      if (response.ok || response.status === 410) session.value = turn.dataset.session;
      waiting.remove();
      // What was erased goes from the screen too.
      if (turn.querySelector("[data-answer='erased'], [data-answer='started_over']")) log.replaceChildren();
      log.append(document.adoptNode(turn));
      if (typed && response.ok) text.value = "";
      // The answer, not the words before it: however long they are, help must be in view.
      show(turn);
    } catch (error) {
      waiting.remove();
      show(add("lost"));
    } finally {
      sending = false;
      document.querySelectorAll("form button").forEach((button) => { button.disabled = false; });
      if (typed) text.focus({ preventScroll: true });
    }
  };

  document.addEventListener("submit", (event) => {
    if (event.defaultPrevented) return;
    event.preventDefault();
    // One at a time: a second Enter would send the same words again.
    if (sending) return;
    const { target: form, submitter } = event;
    const said = submitter && submitter.name === "choice" ? submitter.textContent : text.value;
    send(new URLSearchParams(new FormData(form, submitter)), said);
  });

  // Enter sends; Shift and Enter make a new line.
  text.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      say.requestSubmit();
    }
  });
})();
