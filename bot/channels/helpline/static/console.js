// Keys, answers while one types, and the end of a page that nobody uses. Everything else works without it.
const { idle, warned, root } = document.body.dataset;
const call = document.getElementById('call');
const isField = (one) => one instanceof HTMLElement && one.matches('input:not([type=checkbox]), select, textarea');

// Keys press the button that shows them.
document.addEventListener('keydown', (event) => {
  if (event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === 'Escape' && isField(event.target)) {
    event.target.blur();
    document.querySelector('h1').focus();
    return;
  }
  if (event.repeat || isField(event.target)) return;
  const button = document.querySelector(`[data-key="${CSS.escape(event.key.toLowerCase())}"]`);
  if (!button) return;
  event.preventDefault();
  button.click();
});

// A screen reader begins where the page does. What was searched for comes first.
if (!document.querySelector('[autofocus]')) {
  (document.querySelector('#results h2, #listed') ?? document.querySelector('h1'))?.focus();
}

// Answers while one types.
const search = document.getElementById('q');
if (search) {
  const PAUSE = 200;
  let waiting = 0;
  let asked = new AbortController();
  const ask = async () => {
    asked.abort();
    asked = new AbortController();
    try {
      const body = new URLSearchParams(new FormData(call));
      const answer = await fetch(`${root}/guide`, { method: 'POST', body, headers: { 'x-part': 'results' }, signal: asked.signal });
      if (answer.status === 401) return leave();
      if (!answer.ok) return;
      const parsed = new DOMParser().parseFromString(await answer.text(), 'text/html');
      document.getElementById('results').replaceChildren(...parsed.body.childNodes);
      used();
    } catch (error) {
      // A newer question has taken its place, or the network is gone: the button still works.
      if (error.name !== 'AbortError') console.warn(error.name);
    }
  };
  search.addEventListener('input', () => {
    clearTimeout(waiting);
    waiting = setTimeout(ask, PAUSE);
  });
}

// The sheet.
const print = document.getElementById('print');
if (print) {
  print.hidden = false;
  print.addEventListener('click', () => window.print());
}

// The page goes blank when nobody used it for as long as a session lasts.
const ending = document.getElementById('ending');
let timers = [];
function leave() {
  document.body.replaceChildren();
  location.replace(`${root}/sign-in`);
}
function used() {
  timers.forEach(clearTimeout);
  ending.hidden = true;
  timers = [
    setTimeout(() => { ending.hidden = false; }, 1000 * (idle - warned)),
    setTimeout(leave, 1000 * idle),
  ];
}
ending.querySelector('button').addEventListener('click', async () => {
  const body = new URLSearchParams({ token: new FormData(call).get('token') });
  const answer = await fetch(`${root}/stay`, { method: 'POST', body, headers: { 'x-part': 'stay' } });
  if (!answer.ok) return leave();
  used();
  document.querySelector('h1').focus();
});
used();
// A page that the browser kept is not shown again: it may be of another call.
addEventListener('pageshow', (event) => { if (event.persisted) location.reload(); });
addEventListener('pagehide', () => document.body.replaceChildren());
