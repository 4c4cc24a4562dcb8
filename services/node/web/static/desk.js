// What the desk can do beyond links and forms. Everything works without it.
"use strict";

// An error that was answered is read first.
document.querySelector(".errors[tabindex]")?.focus();

// A form is sent once: pressing again while the line is slow changes nothing. One that only fetches a file may go again.
document.addEventListener("submit", (event) => {
  const button = event.submitter;
  if ("again" in event.target.dataset) return;
  if (event.target.dataset.sent) event.preventDefault();
  else if (!button || !button.formNoValidate) event.target.dataset.sent = "1";
});
window.addEventListener("pageshow", () => document.querySelectorAll("form[data-sent]").forEach((form) => delete form.dataset.sent));

// A line that is lost is said plainly; one that we leave ourselves is closed, and is no loss.
const lost = document.getElementById("lost");
const streams = new Set();
document.addEventListener("htmx:sseOpen", (event) => {
  streams.add(event.detail.source);
  if (lost) lost.hidden = true;
});
document.addEventListener("htmx:sseError", () => { if (lost) lost.hidden = false; });
window.addEventListener("pagehide", () => streams.forEach((stream) => stream.close()));

// What was uncovered covers itself again: somebody may look over the shoulder.
document.querySelectorAll("[data-covers-after]").forEach((shown) => setTimeout(() => {
  shown.remove();
  document.querySelectorAll("[data-covered]").forEach((covered) => { covered.hidden = false; });
}, Number(shown.dataset.coversAfter) * 1000));

// What is typed into a draft is saved as it is typed; while the line is lost that is said, and tried again.
const draft = document.querySelector("form[data-draft]");
const unsaved = document.getElementById("unsaved");
const missed = () => {
  if (!unsaved) return;
  unsaved.hidden = false;
  setTimeout(() => { if (!unsaved.hidden) window.htmx.trigger(draft, "again"); }, 3000);
};
for (const name of ["htmx:sendError", "htmx:timeout", "htmx:responseError"]) document.addEventListener(name, missed);
document.addEventListener("htmx:afterOnLoad", (event) => { if (unsaved && event.detail.elt === draft) unsaved.hidden = true; });
draft?.addEventListener("submit", (event) => {
  if (navigator.onLine) return;
  event.preventDefault();
  event.stopPropagation();
  missed();
});

// The fingerprint of a file is worked out here: the file itself goes nowhere.
if (window.crypto?.subtle) document.querySelectorAll("input[data-prints]").forEach((picker) => {
  picker.parentElement.hidden = false;
  picker.addEventListener("change", async () => {
    const print = new Uint8Array(await crypto.subtle.digest("SHA-256", await picker.files[0].arrayBuffer()));
    document.getElementById(picker.dataset.prints).value = Array.from(print, (byte) => byte.toString(16).padStart(2, "0")).join("");
  });
});

// Leaving at once: the page is replaced before the server has answered, and the way back leads to the login.
document.querySelector("form[data-leave]")?.addEventListener("submit", (event) => {
  event.preventDefault();
  navigator.sendBeacon(event.target.action, new URLSearchParams(new FormData(event.target)));
  location.replace("/desk/away");
});
