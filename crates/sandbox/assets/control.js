// Keeps the page of the control interface fresh. Everything works without it.
"use strict";

const parts = [...document.querySelectorAll("[data-live]")];
const pause = document.querySelector("#pause");
const query = new URLSearchParams(location.search);
query.delete("done");
let paused = false;

async function refresh(part) {
  const response = await fetch(`/_sandbox/part/${part.dataset.live}?${query}`);
  if (!response.ok) return;
  const text = await response.text();
  // What a person is using stays as it is, and so does what has not changed.
  if (text === part.dataset.last || part.contains(document.activeElement)) return;
  if (part.querySelector("details[open]")) return;
  part.dataset.last = text;
  // The server has escaped it: the same markup as in the page itself.
  part.innerHTML = text;
}

async function tick() {
  if (!paused && !document.hidden) {
    // A sandbox that has ended is no fault of the page.
    await Promise.all(parts.map(refresh)).catch(() => {});
  }
  setTimeout(tick, 2000);
}

if (pause) {
  pause.hidden = false;
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", String(paused));
    pause.textContent = paused ? "Go on" : "Pause";
  });
}
// The outcome of a form is told once; a reload does not tell it again.
if (location.search.includes("done=")) {
  history.replaceState(null, "", `${location.pathname}?${query}${location.hash}`);
}
setTimeout(tick, 2000);
