// Sends forms without reloading the page, so that the talk stays in view. Without this script the forms work by themselves.
// Nothing is kept: no storage, no cookies. The words that are shown come from the server's templates.
import "./printing.js";
import { post, setToken, token } from "./talk.js";
import { forgotten, kept, typing } from "./time_out.js";

const LONGEST_WAIT = 60_000; // milliseconds for an answer; a slow link needs some
const FORGOTTEN = "[data-answer='erased'], [data-answer='started_over']";

const log = document.getElementById("log");
const say = document.getElementById("say");
const text = say.elements.namedItem("text");
let sending = null; // what stops the request that is under way
let unanswered = null; // the message that got no answer, which is sent again under the same number

const add = (template) => {
  const part = document.getElementById(template).content.firstElementChild.cloneNode(true);
  log.append(part);
  return part;
};

const show = (part) => part.scrollIntoView({ block: "start" });

// The focus follows an answer only where nobody has moved it since the message was sent, or where it was put away.
const follow = (before, target) => {
  const now = document.activeElement;
  if (now === before || now === document.body || !now.getClientRects().length) target.focus({ preventScroll: true });
};

// The server takes a message of one number once, however often it arrives.
const numbered = (fields) => {
  const message = `${fields.get("choice") ?? ""}\n${fields.get("text") ?? ""}`;
  if (unanswered?.message !== message) {
    const number = Array.from(crypto.getRandomValues(new Uint32Array(2)), (part) => part.toString(16).padStart(8, "0"));
    unanswered = { message, number: number.join("") };
  }
  return unanswered.number;
};

const send = async (fields, said) => {
  const stopping = new AbortController();
  const typed = !fields.has("choice");
  const since = Date.now();
  const focused = document.activeElement;
  const written = text.value;
  sending = stopping;
  if (!typed) fields.delete("text");
  fields.set("session", token());
  fields.set("message", numbered(fields));
  const yours = add("your-turn");
  yours.querySelector(".said").textContent = said.trim();
  const waiting = add("waiting");
  document.body.classList.add("sending");
  const timer = window.setTimeout(() => stopping.abort(), LONGEST_WAIT);
  try {
    const response = await post("/", fields, { headers: { "x-part": "turn" }, signal: stopping.signal });
    const parsed = new DOMParser().parseFromString(await response.text(), "text/html");
    const turn = parsed.querySelector(".turn");
    if (!turn) throw new Error("no turn");
    unanswered = null;
    // A refused request ends the conversation only where the server no longer has it.
    const taken = response.ok || response.status === 410;
    if (taken) setToken(turn.dataset.session);
    // Somebody who types on keeps their place; help alone goes before that.
    const typingOn = document.activeElement === text && text.value !== written && !turn.querySelector("[role='alert']");
    const place = text.getBoundingClientRect().top;
    waiting.remove();
    // What was erased goes from the screen too.
    if (turn.querySelector(FORGOTTEN)) {
      log.replaceChildren();
      text.value = "";
    }
    log.append(document.adoptNode(turn));
    // Words that came after those that were sent stay.
    if (typed && response.ok && text.value.startsWith(written)) text.value = text.value.slice(written.length).trimStart();
    if (!token()) forgotten();
    else if (taken) kept(since);
    // The answer, not the words before it: however long they are, help must be in view.
    if (typingOn) window.scrollBy({ top: text.getBoundingClientRect().top - place, behavior: "instant" });
    else show(turn);
    // The choice that was pressed is put away now, and the focus with it.
    if (!typed) follow(focused, turn);
  } catch (error) {
    if (sending !== stopping) return; // the talk has ended meanwhile; its page is empty
    waiting.remove();
    show(add("lost"));
  } finally {
    window.clearTimeout(timer);
    if (sending === stopping) {
      sending = null;
      document.body.classList.remove("sending");
      if (typed) follow(focused, text);
    }
  }
};

const stop = () => {
  const stopping = sending;
  sending = null;
  stopping?.abort();
};
document.addEventListener("talk-ended", stop);
document.addEventListener("leave", stop);

document.addEventListener("submit", (event) => {
  if (event.defaultPrevented) return;
  event.preventDefault();
  // One at a time: a second Enter would send the same words again.
  if (sending) return;
  const { target: form, submitter } = event;
  const said = submitter?.name === "choice" ? submitter.textContent : text.value;
  send(new URLSearchParams(new FormData(form, submitter)), said);
});

// Enter sends; Shift and Enter make a new line.
text.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
    event.preventDefault();
    say.requestSubmit();
  }
});
text.addEventListener("input", typing);
