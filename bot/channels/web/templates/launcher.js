// Puts a button on another site's page that opens the chat in a frame there. It stores nothing, sends nothing, and asks for
// nothing before the button is pressed. It sets styles one by one, which every Content-Security-Policy allows.
"use strict";

(() => {
  const words = {{ {"open": words.launcher_open, "close": words.launcher_close, "frame": words.launcher_frame} | tojson }};
  const allowed = {{ embed_origins | tojson }};
  const chat = new URL("/", document.currentScript.src);
  // The browser would refuse the frame anyway; a button that opens nothing would help nobody.
  if (!allowed.includes(location.origin) || window.top !== window) return;

  const host = document.createElement("div");
  const root = host.attachShadow({ mode: "open" });
  Object.assign(host.style, { position: "fixed", right: "8px", bottom: "8px", zIndex: "2147483647", display: "block" });

  const button = document.createElement("button");
  button.type = "button";
  button.setAttribute("aria-expanded", "false");
  button.setAttribute("aria-controls", "chat");
  Object.assign(button.style, {
    display: "block", marginLeft: "auto", minHeight: "48px", padding: "8px 20px", borderRadius: "24px",
    border: "2px solid #ffffff", background: "#1f4f4a", color: "#ffffff", font: "600 16px/1.4 system-ui, sans-serif",
    cursor: "pointer",
  });

  const place = document.createElement("div");
  place.id = "chat";
  place.hidden = true;
  root.append(button, place);

  let frame = null;
  const isOpen = () => !place.hidden;

  const make = () => {
    frame = document.createElement("iframe");
    frame.title = words.frame;
    frame.referrerPolicy = "no-referrer";
    frame.src = chat.href;
    Object.assign(frame.style, {
      display: "block", width: "min(420px, calc(100vw - 16px))", height: "min(680px, calc(100vh - 80px))",
      marginTop: "8px", border: "1px solid #1f4f4a", borderRadius: "8px", background: "Canvas",
    });
    frame.addEventListener("load", () => {
      // So that the chat knows whom to tell when somebody leaves. Only its own page hears this.
      frame.contentWindow.postMessage({ chat: "framed" }, chat.origin);
      // Not before: the focus would go with the empty page that a frame begins with.
      if (root.activeElement === button && isOpen()) frame.focus();
    });
    place.append(frame);
  };

  // The chat stays as it was while it is hidden; only leaving or its own time ends it.
  const show = (open) => {
    const made = frame !== null;
    if (open && !made) make();
    place.hidden = !open;
    button.setAttribute("aria-expanded", String(open));
    button.textContent = open ? words.close : words.open;
    if (!open) button.focus(); else if (made) frame.focus();
  };

  button.textContent = words.open;
  button.addEventListener("click", () => show(!isOpen()));

  window.addEventListener("message", (event) => {
    if (!frame || event.origin !== chat.origin || event.source !== frame.contentWindow) return;
    if (event.data?.chat !== "leave" || !/^https?:/.test(event.data.address)) return;
    // All of the page goes, at once and without a way back; it may tell as much as the chat.
    document.documentElement.style.setProperty("display", "none", "important");
    host.remove();
    location.replace(event.data.address);
  });

  document.body.append(host);
})();
