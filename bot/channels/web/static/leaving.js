// Leaving the page: the screen is blank first, then the talk is erased and the page emptied, then the exit page replaces it.
// After GOV.UK's "Exit this page". Without this script the button is a form that does what a form can.
import { erase } from "./talk.js";

const PRESSES = 3;
const LONGEST_BETWEEN = 5000; // milliseconds after which presses of Shift are forgotten

const page = document.documentElement;
const exit = document.querySelector(".leave");
const address = exit.dataset.address;
let left = false;

// What is told about leaving differs.
document.querySelectorAll("[data-with-script]").forEach((words) => { words.hidden = false; });
document.querySelectorAll("[data-without-script]").forEach((words) => { words.hidden = true; });

const empty = () => {
  page.hidden = true; // before anything else
  erase();
  document.body.replaceChildren();
};

const leave = () => {
  if (left) return;
  left = true;
  empty();
  // In a frame of another page another script takes the whole tab away.
  const event = new CustomEvent("leave", { detail: { address }, cancelable: true });
  if (document.dispatchEvent(event)) window.location.replace(address);
};

exit.addEventListener("submit", (event) => {
  event.preventDefault();
  leave();
});

// A page that is closed, reloaded or left in another way takes its token with it. Nobody could go on with the talk, unless a
// form that no script took over has carried the token on.
let carried = false;
window.addEventListener("submit", (event) => { carried ||= !event.defaultPrevented; });
window.addEventListener("pagehide", () => { if (!carried) empty(); });

// The browser may have kept the page and show it again: it is empty by now, and stays so.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.replace(left ? address : "/");
});

// Previews of tabs and the list of open apps show the page as it was last seen.
document.addEventListener("visibilitychange", () => { page.classList.toggle("away", document.hidden); });

// Three times Shift, each pressed and let go with no other key or button in between: then it is no capital letter.
const counter = document.getElementById("presses");
let presses = 0;
let alone = false;
let forgetting = 0;

const count = (pressed, words = "") => {
  presses = pressed;
  counter.textContent = words;
  window.clearTimeout(forgetting);
  if (!words) return;
  const next = pressed ? () => count(0, counter.dataset.forgotten) : () => count(0);
  forgetting = window.setTimeout(next, LONGEST_BETWEEN);
};

document.addEventListener("keydown", (event) => {
  if (event.key === "Shift") {
    alone = event.repeat ? alone : !(event.ctrlKey || event.altKey || event.metaKey);
    return;
  }
  alone = false;
  if (presses) count(0);
}, true);

document.addEventListener("pointerdown", () => {
  alone = false;
  if (presses) count(0);
}, true);

document.addEventListener("keyup", (event) => {
  if (event.key !== "Shift" || !alone) return;
  alone = false;
  if (presses + 1 === PRESSES) leave();
  else count(presses + 1, presses ? counter.dataset.once : counter.dataset.twice);
}, true);

// A link within the page moves there without an entry in the history, so that one entry is all there is to replace.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[href^='#']");
  if (!link) return;
  event.preventDefault();
  const target = document.querySelector(link.getAttribute("href"));
  target.scrollIntoView();
  target.focus({ preventScroll: true });
});
