"use strict";
/* A file is sent, looked at, loaded, and its outcome shown. All text goes in as text, never as HTML. */
const at = (id) => document.getElementById(id);
const PAGE = { "X-Callfunnel": "page" };
const ASK_EVERY_MS = 400;
let options = null;   // kinds, profiles, sources, time zone, largest size
let upload = null;    // {id, name}
let shown = null;     // what was drawn last, to be drawn again in another language
let asked = 0;        // of several looks the last one counts
let sending = null;   // the file that is on its way; another one takes its place

function make(tag, text, name) {
  const one = document.createElement(tag);
  if (text !== undefined && text !== null) one.textContent = text;
  if (name) one.className = name;
  return one;
}

function show(...ids) {
  for (const id of ["choose", "seen", "progress", "result"]) at(id).hidden = !ids.includes(id);
}

function trouble(words) {
  at("trouble").textContent = words || "";
  at("trouble").hidden = !words;
}

async function ask(path, method = "GET", value) {
  const request = { method, headers: method === "GET" ? {} : { ...PAGE } };
  if (value !== undefined) {
    request.headers["Content-Type"] = "application/json";
    request.body = JSON.stringify(value);
  }
  let response;
  try {
    response = await fetch(path, request);
  } catch {
    throw new Error(word("away"));
  }
  if (response.status === 401) {
    location.assign("/");
    throw new Error(word("gone"));
  }
  const said = await response.json();
  if (!response.ok) throw new Error(said.error || response.statusText);
  return said;
}

const FIRST = ["started_at", "contact", "extension", "direction", "disposition", "billsec", "answered_at", "ended_at", "did"];
const IDS = ["contact_raw", "call_id", "record_id"];
const number = (value) => value.toLocaleString(word("locale"));

function cell(name, value) {
  if (Array.isArray(value)) return value.join(", ");
  if (/_at$|^valid_/.test(name) && value) {
    return new Date(value).toLocaleString("sv-SE", { timeZone: options.time_zone });  // 2026-11-02 09:04:37: no riddle which is the month
  }
  return value === undefined ? "" : (VALUES[language] || {})[value] || String(value);
}

const reason = (code) => (REASONS[language] || {})[code] || code.replaceAll("_", " ");

/* Receiving a file. */

async function receive(file) {
  const mine = new XMLHttpRequest();  // fetch tells nothing of how much was sent
  const before = sending;
  sending = mine;
  if (before) before.abort();
  at("receiving").hidden = true;
  trouble("");
  try {
    await askOptions();
  } catch (error) {
    return mine === sending ? trouble(error.message) : undefined;
  }
  if (mine !== sending) return undefined;
  if (file.size > options.most_bytes) {
    return trouble(`${word("too_large")} ${options.most_bytes >> 20} MB`);
  }
  at("receiving").hidden = false;
  mine.open("POST", `/upload?name=${encodeURIComponent(file.name)}`);
  mine.setRequestHeader("X-Callfunnel", "page");
  mine.setRequestHeader("Content-Type", "application/octet-stream");
  mine.upload.onprogress = (event) => {
    at("received").value = event.loaded / Math.max(event.total, 1);
    at("received_words").textContent = `${word("receiving")} ${Math.round((100 * event.loaded) / Math.max(event.total, 1))} %`;
  };
  mine.onloadend = () => {
    if (mine !== sending) return undefined;
    sending = null;
    at("receiving").hidden = true;
    if (mine.status === 401) return location.assign("/");
    let said = {};
    try { said = JSON.parse(mine.responseText); } catch { /* no answer at all */ }
    if (mine.status !== 200) return trouble(said.error || word("away"));
    upload = said;
    at("name").textContent = said.name;
    show("seen");
    return look();
  };
  return mine.send(file);
}

const wish = () => ({ kind: at("kind").value, source: at("source").value, tz: at("tz").value, profile: at("profile").value });

/* Looking at it. */

async function look() {
  const mine = ++asked;
  trouble("");
  at("looking").hidden = false;
  at("load").disabled = true;
  try {
    const found = await ask(`/upload/${upload.id}/look`, "POST", wish());
    if (mine !== asked) return;
    shown = () => drawLooked(found);
    shown();
    at("load").disabled = !found.tables.length;
  } catch (error) {
    if (mine === asked) trouble(error.message);
  } finally {
    if (mine === asked) at("looking").hidden = true;
  }
}

function drawLooked(found) {
  const lacksZone = found.failed.some((words) => words.includes("--tz"));
  at("tz").setAttribute("aria-invalid", lacksZone);
  at("failed").replaceChildren(...(lacksZone ? [make("li", word("say_zone"))] : []), ...found.failed.map((words) => make("li", words)));
  at("tables").replaceChildren(...found.tables.map(drawTable));
}

function drawTable(table) {
  const whole = make("div");
  const kind = KINDS[language][table.kind] || table.kind;
  whole.append(make("h3", `${table.name}: ${kind}`));
  const words = make("ul", null, "words");
  words.append(...table.words.map((line) => make("li", line)));
  whole.append(words, make("p", `${word("first_rows")} (${word("times_in")} ${options.time_zone})`, "hint"));
  const columns = [...FIRST.filter((name) => table.columns.includes(name)),
    ...table.columns.filter((name) => !FIRST.includes(name) && !IDS.includes(name)),
    ...IDS.filter((name) => table.columns.includes(name))];
  const head = [word("place"), ...columns.map((name) => FIELDS[language][name] || name.replaceAll("_", " "))];
  const rows = table.rows.map((row) => {
    const line = make("tr", null, row.reason ? "rejected" : "");
    line.append(make("td", row.place));
    if (row.reason) {
      const why = make("td", `${reason(row.reason)}${row.field ? `, ${row.field}` : ""}: ${row.detail}`, "words_of_row");
      why.colSpan = Math.max(columns.length, 1);
      line.append(why);
    } else {
      line.append(...columns.map((name) => make("td", cell(name, row.fields[name]))));
    }
    return line;
  });
  whole.append(grid(head, rows));
  return whole;
}

function grid(head, rows, name = "") {
  const scroll = make("div", null, `scroll ${name}`);
  scroll.tabIndex = 0;
  const table = make("table");
  const top = make("thead");
  const line = make("tr");
  line.append(...head.map((text) => make("th", text)));
  top.append(line);
  const body = make("tbody");
  body.append(...rows);
  table.append(top, body);
  scroll.append(table);
  return scroll;
}

/* Loading it. */

async function load() {
  trouble("");
  at("load").disabled = true;
  try {
    await ask(`/upload/${upload.id}/load`, "POST", wish());
  } catch (error) {
    at("load").disabled = false;
    return trouble(error.message);
  }
  show("progress");
  return watch();
}

async function watch() {
  let lost = 0;
  for (;;) {
    try {
      const now = await ask(`/upload/${upload.id}`);
      lost = 0;
      trouble("");
      if (now.state === "done" || now.state === "failed") {
        shown = () => drawResult(now);
        shown();
        return show("result");
      }
      shown = () => drawProgress(now);
      shown();
    } catch (error) {
      trouble(error.message);
      if (++lost > 50) return undefined;
    }
    await new Promise((go) => { setTimeout(go, ASK_EVERY_MS); });
  }
}

function drawProgress(now) {
  at("stage").textContent = word(now.state);
  if (now.state === "waiting") at("bar").removeAttribute("value");
  else at("bar").value = now.share;
  at("rows").textContent = `${number(now.rows)} ${word("rows")}`;
  at("rate").textContent = now.rate ? `${number(Math.round(now.rate))} ${word("per_s")}` : "";
  at("note").textContent = now.words;
}

function drawResult(now) {
  const isRejected = now.results.some((one) => Object.keys(one.outcome.rejected).length);
  const isGivenUp = now.results.some((one) => one.outcome.stopped);
  const how = now.state === "failed" ? "failed" : isGivenUp ? "given_up" : isRejected ? "done_rejects" : "done";
  at("outcome").textContent = word(how);
  at("outcome").className = how === "failed" || how === "given_up" ? "bad" : "good";
  at("results").replaceChildren(...(now.words ? [make("p", now.words, "bad")] : []), ...now.results.map(drawOutcome));
}

function drawOutcome(one, place) {
  const { outcome, rejects } = one;
  const whole = make("div");
  const rejected = Object.values(outcome.rejected).reduce((sum, count) => sum + count, 0);
  whole.append(make("h3", `${one.name}: ${outcome.profile}`));
  if (outcome.stopped) whole.append(make("p", outcome.stopped, "bad"));
  const numbers = make("ul", null, "numbers");
  const add = (name, value) => {
    const item = make("li", word(name));
    item.prepend(make("strong", number(value)));
    numbers.append(item);
  };
  add("rows", outcome.rows);
  add(outcome.kind === "calls" ? "legs" : "records", outcome.records);
  if (outcome.kind === "calls") add("calls", outcome.calls);
  add("known", outcome.repeats);
  add("rejected", rejected);
  add("seconds", outcome.seconds);
  whole.append(numbers);
  for (const gap of outcome.filled_gaps) whole.append(make("p", `${word("fills_gap")} ${gap}`));
  if (!rejected) return whole;
  whole.append(make("p", Object.entries(outcome.rejected).map(([code, count]) => `${reason(code)}: ${number(count)}`).join("; ")));
  if (outcome.rejects_file) {
    const link = make("a", word("rejects_file"), "button");
    link.href = `/upload/${upload.id}/rejects/${place}`;
    link.download = "";
    whole.append(link, make("p", word("rejects_hint"), "hint"));
  }
  whole.append(make("h3", word("first_rejects")));
  const head = ["place", "reason", "field", "words", "row"].map(word);
  const rows = rejects.map((row) => {
    const line = make("tr");
    line.append(make("td", row.origin), make("td", reason(row.reason)), make("td", row.field));
    line.append(make("td", row.detail, "words_of_row"), make("td", row.payload, "row"));
    return line;
  });
  whole.append(grid(head, rows, "stack"));
  if (rejects.length < rejected) whole.append(make("p", word("more"), "hint"));
  return whole;
}

/* The page. */

function again() {
  const before = upload;
  upload = null;
  shown = null;
  asked += 1;  // what is answered about it yet is of no interest
  at("looking").hidden = true;
  trouble("");
  at("tables").replaceChildren();
  at("failed").replaceChildren();
  show("choose");
  if (before) ask(`/upload/${before.id}`, "DELETE").catch(() => undefined);
}

function fill(select, values, words) {
  const chosen = select.value;
  select.replaceChildren(...values.map((value) => {
    const one = make("option", words(value));
    one.value = value;
    return one;
  }));
  if (chosen) select.value = chosen;
}

function fillOptions() {
  fill(at("kind"), options.kinds, (kind) => KINDS[language][kind] || kind);
  fill(at("profile"), options.profiles, (profile) => (profile === "auto" ? word("by_itself") : profile));
  at("source").placeholder = `${options.exchange}, crm`;
  at("tz").placeholder = word("from_settings");
  fill(at("sources"), options.sources, (name) => name);
  const zones = Intl.supportedValuesOf ? Intl.supportedValuesOf("timeZone") : [];
  fill(at("zones"), ["auto", "UTC", ...zones], (name) => name);
}

async function askOptions() {
  if (options) return;
  options = await ask("/upload/options");
  fillOptions();
}

function receiveChosen() {
  const [file] = at("file").files;
  at("file").value = "";  // or the same file, mended, could not be chosen again
  if (file) receive(file);
}

/* A file may be chosen before the options have come: nothing here waits for them but what needs them. */
function begin() {
  at("file").addEventListener("change", receiveChosen);
  for (const name of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      event.preventDefault();
      at("drop").classList.toggle("over", name === "dragover");
      if (name !== "drop" || !at("progress").hidden || !event.dataTransfer.files.length) return;
      if (at("choose").hidden) again();
      receive(event.dataTransfer.files[0]);
    });
  }
  at("options").addEventListener("change", look);
  at("options").addEventListener("submit", (event) => event.preventDefault());
  at("load").addEventListener("click", load);
  for (const button of document.querySelectorAll(".again")) button.addEventListener("click", again);
  at("logout").addEventListener("click", async () => {
    await ask("/logout", "POST").catch(() => undefined);
    location.assign("/");
  });
  document.addEventListener("language", () => {
    if (options) fillOptions();
    if (shown) shown();
  });
  askOptions().catch((error) => trouble(error.message));
  receiveChosen();  // chosen while this script was on its way
}

begin();
