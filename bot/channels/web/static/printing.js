// Prints the sheet from the talk, under the heading that was chosen. Without this script the form opens the sheet on a page
// of its own.

const title = document.title;

document.addEventListener("submit", (event) => {
  if (!event.submitter?.hasAttribute("data-print")) return;
  event.preventDefault();
  const heading = event.target.querySelector("[name='heading']:checked")?.dataset.title ?? "";
  event.target.closest(".sheet").querySelector(".sheet-title").textContent = heading;
  document.title = heading || title; // browsers offer it as the name of a file
  window.print();
});

window.addEventListener("afterprint", () => { document.title = title; });
