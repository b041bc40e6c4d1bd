// Fills the panels of a board and keeps them fresh. Two questions at a time; none while nobody looks at the page.
"use strict";

const main = document.querySelector("main");
const words = main.dataset;
const everyMs = Number(words.refreshS) * 1000;
const seen = new Map();
let refreshedAt = 0;
let busy = false;

function place(panel) {
  return panel.querySelector(".body");
}

function show(panel, text) {
  const body = place(panel);
  if (body.querySelector(".act[open]")) {
    return;  // somebody is writing there
  }
  if (seen.get(panel.id) !== text) {
    const answer = JSON.parse(text);
    if (answer.figure) {
      let chart = body.querySelector(".chart");
      if (!chart) {
        chart = document.createElement("div");
        chart.className = "chart";
        body.replaceChildren(chart);
      }
      drawChart(chart, answer.figure);
    } else {
      const old = body.querySelector(".chart");
      if (old) {
        Plotly.purge(old);
      }
      body.innerHTML = answer.html;
      makeSortable(panel);
      fillName(panel);
    }
    seen.set(panel.id, text);
  }
  body.classList.remove("old");
}

function fail(panel, why) {
  const body = place(panel);
  if (seen.has(panel.id)) {
    body.classList.add("old");
    return;
  }
  const said = document.createElement("p");
  said.className = "trouble";
  said.textContent = why;
  body.replaceChildren(said);
}

async function ask(panel) {
  try {
    const answer = await fetch(panel.dataset.url, { credentials: "same-origin", cache: "no-store" });
    const text = await answer.text();
    if (answer.ok) {
      show(panel, text);
      return true;
    }
    fail(panel, text);
  } catch (error) {
    fail(panel, words.failed);
  }
  return false;
}

async function refresh() {
  if (busy) {
    return;
  }
  busy = true;
  const waiting = [...document.querySelectorAll(".panel")];
  let well = true;
  const work = async () => {
    for (let panel = waiting.shift(); panel; panel = waiting.shift()) {
      well = (await ask(panel)) && well;
    }
  };
  await Promise.all([work(), work()]);
  busy = false;
  if (!refreshedAt && location.hash) {
    // What the reader came for stood elsewhere while the panels above it were empty.
    document.getElementById(location.hash.slice(1))?.scrollIntoView();
  }
  refreshedAt = Date.now();
  const said = document.querySelector("#refreshed");
  said.textContent = well ? `${words.refreshed} ${new Date().toLocaleTimeString(document.documentElement.lang)}` : words.paused;
  said.classList.toggle("late", !well);
  main.dataset.ready = String(Number(main.dataset.ready || 0) + 1);
}

function look() {
  if (document.visibilityState === "visible" && Date.now() - refreshedAt >= everyMs) {
    refresh();
  }
}

// On a telephone the first number is worth more than the form.
const filters = document.querySelector(".filters");
const small = matchMedia("(max-width: 600px)");
const fold = () => { filters.open = !small.matches; };
small.addEventListener("change", fold);
fold();

const form = document.querySelector("form");
const days = [...form.querySelectorAll("input[type=date]")];
form.elements.period.addEventListener("change", () => {
  days.forEach((day) => { day.value = ""; });
  form.requestSubmit();
});
days.forEach((day) => day.addEventListener("change", () => { form.elements.period.value = ""; }));
form.addEventListener("submit", () => {
  // What is empty does not belong in the address.
  [...form.elements].filter((one) => one.name && !one.value).forEach((one) => { one.disabled = true; });
});
window.addEventListener("pageshow", () => [...form.elements].forEach((one) => { one.disabled = false; }));

document.addEventListener("visibilitychange", look);
setInterval(look, 1000);
refresh();
