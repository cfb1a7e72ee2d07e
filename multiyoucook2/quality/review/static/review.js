// Keys and buttons to actions. An action is sent, and the next row comes only after the server has written it.
"use strict";

const row = document.getElementById("row");
const last = document.getElementById("last"); // the row that was acted on last, wherever it is
const field = document.getElementById("text");
const said = document.getElementById("said");
const onward = row && (row.dataset.next || row.dataset.here);
let busy = false; // a key that is pressed twice is one action

function changed() {
  return field !== null && field.value !== field.defaultValue;
}

function mayLeave() {
  if (changed() && !window.confirm("Drop what you have typed?")) return false;
  if (field) field.value = field.defaultValue;
  return true;
}

function go(address) {
  if (address && mayLeave()) window.location.assign(address);
}

async function send(address, asked, then) {
  if (busy) return;
  busy = true;
  said.textContent = "…";
  try {
    const answer = await fetch(address, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(asked),
    });
    const found = await answer.json();
    if (!answer.ok) throw new Error(found.error);
    said.textContent = "saved";
    then();
  } catch (error) {
    busy = false;
    said.textContent = `not saved: ${error.message}`;
  }
}

function act(action, { clip, index, lang, seen }, text, address) {
  const asked = { clip_id: clip, caption_index: Number(index), lang, seen, action, text };
  send("/act", asked, () => {
    if (field) field.defaultValue = field.value; // it is saved, or was dropped before
    go(address);
  });
}

function edit() {
  field.hidden = false;
  field.focus();
}

function save() {
  act("edit", row.dataset, field.value, onward);
}

function accept() {
  if (changed()) save();
  else act("accept", row.dataset, row.dataset.edited, onward);
}

function reject() {
  if (mayLeave()) act("reject", row.dataset, row.dataset.edited, onward);
}

function takeBack() {
  if (mayLeave()) act("undo", row.dataset, "", row.dataset.here);
}

function undo() {
  if (!last) said.textContent = "nothing was done since the page was started";
  else if (mayLeave()) act("undo", last.dataset, "", last.dataset.address);
}

const actions = { a: accept, e: edit, r: reject };
const buttons = { accept, reject, undo, edit: () => (field.hidden ? edit() : save()), "take-back": takeBack };

window.addEventListener("beforeunload", (event) => {
  if (changed()) event.preventDefault();
});
window.addEventListener("pageshow", (event) => {
  if (event.persisted) window.location.reload(); // the browser kept an old state of the page
});

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229) return; // an input method is at work: ja, zh, vi
  const typing = event.target.closest("input, select, textarea");
  if (event.altKey && event.key === "ArrowDown") return go(row?.dataset.next);
  if (event.altKey && event.key === "ArrowUp") return go(row?.dataset.previous);
  if (typing) {
    if (event.target === field && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      save();
    } else if (event.key === "Escape") {
      event.target.blur();
    }
    return;
  }
  if (event.ctrlKey || event.metaKey || event.altKey) return;
  if (event.key === "/") {
    event.preventDefault();
    document.querySelector("input[type=search]").focus();
  } else if (event.key === "j") go(row?.dataset.next);
  else if (event.key === "k") go(row?.dataset.previous);
  else if (event.key === "u") undo();
  else if (row && Object.hasOwn(actions, event.key)) {
    event.preventDefault();
    actions[event.key]();
  }
});

for (const button of document.querySelectorAll("button[data-action]")) {
  button.addEventListener("click", buttons[button.dataset.action]);
}

for (const button of document.querySelectorAll("button[data-kind]")) {
  const { kind, lang, dismiss } = button.dataset;
  const asked = { lang, check: kind, dismiss: dismiss !== undefined };
  button.addEventListener("click", () => mayLeave() && send("/dismiss", asked, () => window.location.reload()));
}
