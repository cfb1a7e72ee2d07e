// Keys and buttons to actions. An action is sent, and the next row comes only after the server has written it.
"use strict";

const row = document.getElementById("row");
const field = document.getElementById("text");
const said = document.getElementById("said");

function go(address) {
  if (address) window.location.assign(address);
}

async function send(address, asked, then) {
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
    then(found);
  } catch (error) {
    said.textContent = `not saved: ${error.message}`;
  }
}

function act(action) {
  const { clip, index, lang, seen } = row.dataset;
  const asked = { clip_id: clip, caption_index: Number(index), lang, seen, action, text: field.value };
  send("/act", asked, (found) => {
    document.getElementById("state").textContent = found.state;
    if (action === "undo") window.location.reload();
    else go(row.dataset.next);
  });
}

function edit() {
  field.hidden = false;
  field.focus();
}

const actions = { a: () => act("accept"), e: edit, r: () => act("reject"), u: () => act("undo") };

document.addEventListener("keydown", (event) => {
  if (event.isComposing || event.keyCode === 229) return; // an input method is at work: ja, zh, vi
  const typing = event.target.closest("input, select, textarea");
  if (event.altKey && event.key === "ArrowDown") return go(row?.dataset.next);
  if (event.altKey && event.key === "ArrowUp") return go(row?.dataset.previous);
  if (typing) {
    if (event.target === field && event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
      event.preventDefault();
      act("edit");
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
  else if (row && Object.hasOwn(actions, event.key)) {
    event.preventDefault();
    actions[event.key]();
  }
});

for (const button of document.querySelectorAll("button[data-action]")) {
  button.addEventListener("click", () => {
    if (button.dataset.action !== "edit") act(button.dataset.action);
    else if (field.hidden) edit();
    else act("edit");
  });
}

for (const button of document.querySelectorAll("button[data-kind]")) {
  const { kind, lang, dismiss } = button.dataset;
  const asked = { lang, check: kind, dismiss: dismiss !== undefined };
  button.addEventListener("click", () => send("/dismiss", asked, () => window.location.reload()));
}
