// The talk's token and what the page asks the server about it. The token lives in the hidden fields of this page's forms:
// no cookie, no storage, no address.

const fields = () => document.querySelectorAll("input[name='session']");

export const token = () => fields()[0]?.value ?? "";

export const setToken = (value) => fields().forEach((field) => { field.value = value; });

export const post = (path, body, options = {}) => fetch(path, { method: "POST", body, cache: "no-store", ...options });

// Forgets the talk here and on the server, by a request that outlives the page. Where it does not arrive, the talk ends
// with its time.
export const erase = () => {
  const session = token();
  setToken("");
  if (!session) return;
  const body = new URLSearchParams({ session });
  if ("keepalive" in Request.prototype) post("/leave", body, { keepalive: true }).catch(() => {});
  else navigator.sendBeacon("/leave", body);
};
