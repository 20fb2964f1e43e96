// The end of a talk that went quiet: a warning that takes no focus and no typed words, more time for one press, and an end
// that leaves no words on the screen. The server ends the talk by itself too; this counts from when a message was sent, and
// so never later.
import { erase, post, token } from "./talk.js";

const main = document.getElementById("main");
const warning = document.getElementById("time-out");
const alarm = document.getElementById("time-out-alarm");
const words = document.getElementById("time-out-words");
const WHOLE = warning.dataset.seconds * 1000;
const WARNED = warning.dataset.warned * 1000;
const NEVER = Infinity;
let ends = NEVER; // milliseconds since 1970
let timer = 0;

const show = (shown, said = "") => {
  if (!shown && warning.contains(document.activeElement)) document.getElementById("text").focus();
  warning.hidden = !shown;
  words.textContent = alarm.textContent = said;
};

const end = () => {
  const focused = main.contains(document.activeElement) || warning.contains(document.activeElement);
  ends = NEVER;
  window.clearTimeout(timer);
  erase();
  warning.hidden = true;
  alarm.textContent = "";
  main.replaceChildren(document.getElementById("ended").content.cloneNode(true));
  document.dispatchEvent(new Event("talk-ended"));
  window.scrollTo(0, 0);
  if (focused) main.querySelector(".ended").focus();
};

// A device that slept, or a browser that slows pages in the background, may look late.
const look = () => {
  window.clearTimeout(timer);
  if (ends === NEVER) return;
  const left = ends - Date.now();
  if (left <= 0) {
    end();
    return;
  }
  if (left <= WARNED && warning.hidden) show(true, warning.dataset.words);
  timer = window.setTimeout(look, left > WARNED ? left - WARNED : left);
};

// The talk is kept from `since` on, in milliseconds since 1970.
export const kept = (since) => {
  ends = since + WHOLE;
  show(false);
  look();
};

// There is no talk any more, and nothing on the screen to take away.
export const forgotten = () => {
  ends = NEVER;
  show(false);
};

// Words in the box are not to stay on the screen either, even where nothing was sent.
export const typing = () => {
  if (ends === NEVER) kept(Date.now());
};

warning.querySelector("[data-more]").addEventListener("click", async () => {
  const since = Date.now();
  if (!token()) {
    kept(since);
    return;
  }
  try {
    const { status } = await post("/more", new URLSearchParams({ session: token() }));
    if (status === 204) kept(since);
    else if (status === 410) end();
    else show(true, warning.dataset.failed);
  } catch {
    show(true, warning.dataset.failed);
  }
});

warning.querySelector("[data-end]").addEventListener("click", end);
document.addEventListener("visibilitychange", look);
window.addEventListener("focus", look);
main.addEventListener("click", (event) => {
  if (event.target.closest("[data-again]")) window.location.replace("/");
});
