// Sends what a reader says of a warning, and has its panel asked again. The name is remembered by this browser.
"use strict";

const NAME = "callfunnel.name";

function remembered() {
  try {
    return localStorage.getItem(NAME) || "";
  } catch (refused) {
    return "";
  }
}

function remember(name) {
  try {
    localStorage.setItem(NAME, name);
  } catch (refused) {
    // A browser that keeps nothing is asked again.
  }
}

async function say(button) {
  const box = button.closest(".incidents");
  const incident = button.closest(".incident");
  const panel = button.closest(".panel");
  const trouble = box.querySelector(".problem[role=alert]");
  const field = (name) => (incident.querySelector(`[name=${name}]`) || { value: "" }).value;
  const by = (box.querySelector("[name=by]") || { value: "" }).value.trim() || remembered();
  const body = { kind: button.dataset.kind, by, note: button.closest(".act") ? field("note") : "" };
  if (button.dataset.snooze) {
    body.snooze = button.dataset.snooze;
  }
  if (button.dataset.snooze === "day") {
    body.day = field("day") || null;
  }
  remember(by);
  const buttons = [...incident.querySelectorAll("button")];
  buttons.forEach((one) => { one.disabled = true; });
  let why = "";
  try {
    const answer = await fetch(`/warnings/${incident.dataset.incident}?lang=${document.documentElement.lang}`, {
      method: "POST",
      credentials: "same-origin",
      headers: { "Content-Type": "application/json", "X-Callfunnel": "page" },
      body: JSON.stringify(body),
    });
    why = answer.ok ? "" : await answer.text();
  } catch (error) {
    why = words.failed;
  }
  buttons.forEach((one) => { one.disabled = false; });
  trouble.hidden = !why;
  trouble.textContent = why ? `${box.dataset.failed}: ${why}` : "";
  if (!why) {
    const act = incident.querySelector(".act");
    if (act) {
      act.open = false;
    }
    await ask(panel);
  }
}

document.addEventListener("click", (event) => {
  const button = event.target.closest(".incidents button[data-kind]");
  if (button) {
    say(button);
  }
});

// The panel has just been drawn: nobody writes a name twice.
function fillName(panel) {
  const field = panel.querySelector(".incidents [name=by]");
  if (field) {
    field.value = remembered();
  }
}
