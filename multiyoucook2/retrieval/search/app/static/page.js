// All that the page's script does: "/" goes to the search field, and a button becomes YouTube's player.
"use strict";

document.addEventListener("keydown", (event) => {
  const field = document.querySelector("input[type=search]");
  const typing = event.target.closest("input, select, textarea");
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey && field) {
    event.preventDefault();
    field.focus();
    field.select();
  }
});

for (const button of document.querySelectorAll("button.play")) {
  button.hidden = false;
  button.addEventListener("click", () => {
    const frame = document.createElement("iframe");
    const { youtube, start, end } = button.dataset;
    frame.src = `https://www.youtube-nocookie.com/embed/${youtube}?autoplay=1&start=${start}&end=${end}`;
    frame.title = `Video ${youtube}`;
    frame.allow = "autoplay; fullscreen";
    frame.referrerPolicy = "strict-origin-when-cross-origin";
    button.replaceWith(frame);
    frame.focus();
  });
}
