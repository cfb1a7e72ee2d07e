// All that the page's script does: "/" goes to the search field, a button becomes YouTube's player, files show their
// picture when they come into view, and a moment of a file is played where its player is.
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

const pictured = new IntersectionObserver((entries) => {
  for (const entry of entries.filter((entry) => entry.isIntersecting)) {
    entry.target.preload = "metadata";
    pictured.unobserve(entry.target);
  }
});
for (const video of document.querySelectorAll("video")) pictured.observe(video);

for (const link of document.querySelectorAll("a[data-start][href^='/media/']")) {
  link.addEventListener("click", (event) => {
    const player = document.querySelector("video");
    event.preventDefault();
    player.src = link.getAttribute("href");
    player.play();
    player.scrollIntoView({ block: "nearest" });
  });
}
