// Leaves the whole tab where the chat stands in a frame of another page. It waits for the event "leave", which the page
// sends when somebody leaves, after it has blanked itself; the event's detail is the address to go to. Outside a frame
// this does nothing, and the page goes there by itself.
"use strict";

(() => {
  if (window.top === window) return;
  const LONGEST = 700; // milliseconds that the launcher, and then this frame, are given to take the tab away
  let launcher = null; // the origin of the page around, once its launcher has named itself

  window.addEventListener("message", (event) => {
    // Only a page that the browser lets embed this one can be its parent, by frame-ancestors.
    if (event.source === window.parent && event.data?.chat === "framed") launcher = event.origin;
  });

  const stay = () => {
    const words = document.getElementById("frame-stayed").content.cloneNode(true);
    document.title = "";
    document.body.replaceChildren(words);
    document.documentElement.hidden = false;
  };

  // The browser lets a frame do this where somebody has pressed something in it, unless the page around forbids it.
  const go = (address) => {
    try {
      window.top.location.replace(address);
      setTimeout(stay, 3 * LONGEST);
    } catch {
      stay();
    }
  };

  document.addEventListener("leave", (event) => {
    event.preventDefault();
    const { address } = event.detail;
    if (launcher === null) {
      go(address);
      return;
    }
    window.parent.postMessage({ chat: "leave", address }, launcher);
    setTimeout(() => go(address), LONGEST);
  });
})();
