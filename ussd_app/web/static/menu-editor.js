// The menu editor in a browser: it saves by itself, checks while somebody types, shows the phone beside the form,
// moves choices by mouse and keyboard, and tells who else is there. Without it every form still has its button.

import { adopt, fetchPage, fieldsOf, flush, note, say, signOf, state, unsaved, waiting } from "./menu-saving.js";

const PAUSE_CHECK = 400;
const PAUSE_SAVE = 900;
const BETWEEN_LOOKS = 10000;
const bar = document.getElementById("draft");
const editor = document.getElementById("editor");
const mayEdit = Boolean(bar.dataset.edit);
let saver = 0;
let checker = 0;
let checks = 0;
let acting = false;
let lastText = null;
let focusAfter = null;

const formsHere = () => [...document.querySelectorAll("form[data-saves]")];
const waits = (form) => "waits" in form.dataset;
// Forms with many fields are saved when a field is left: half a condition is no condition.
const WHEN_LEFT = new Set(["question", "branch", "effect", "listing", "shown", "navigation"]);
const whatOf = (form) => form.querySelector("[name=what]").value;

// ---- saving

function halfANewScreen(form) {
  return [...form.querySelectorAll("select[data-target]")].some((select) => {
    const words = form.elements[`${select.name}_new`];
    return select.value === "+" && !words?.value.trim();
  });
}

// What each form said when it was noted last: leaving a field is no other change.
const noted = new WeakMap();

function changed(form, now) {
  if (halfANewScreen(form)) return;
  const said = JSON.stringify(fieldsOf(form));
  if (noted.get(form) !== said) {
    noted.set(form, said);
    note(form);
    check();
  }
  window.clearTimeout(saver);
  saver = window.setTimeout(save, now ? 0 : PAUSE_SAVE);
}

const save = () => flush(answered);

async function answered(item, answer) {
  const form = formsHere().find((one) => signOf(one) === item.sign);
  const sorry = form?.querySelector("[data-sorry]");
  if (sorry) sorry.textContent = answer.sorry ?? "";
  if (item.once) acting = false;
  for (const input of document.querySelectorAll("[data-revision-here]")) input.value = state.base;
  const undo = document.querySelector("[data-undo]");
  if (answer.revision && undo) undo.disabled = false;
  if (answer.revision) bar.dataset.newest = answer.revision;
  if (answer.conflict) await showConflict(answer.conflict);
  else if (answer.to) leaveFor(answer.to);
  else if (answer.again || answer.others || item.left) await refresh();
}

function leaveFor(address) {
  if (!waiting().length) window.location.assign(address);
  else flush(answered).then((done) => done && window.location.assign(address));
}

async function showConflict(address) {
  const place = document.getElementById("conflict");
  try {
    const response = await fetch(address);
    const page = new DOMParser().parseFromString(await response.text(), "text/html");
    place.replaceChildren(page.getElementById("both"));
    place.hidden = false;
    place.focus();
    say("unsent");
  } catch {
    window.location.assign(address);
  }
}

// ---- drawing the page anew

function focusedNow() {
  const element = document.activeElement;
  const form = element?.closest?.("form[data-saves]");
  if (element?.matches("summary")) return { summary: titleOf(element.parentElement) };
  if (!form || !element.name) return element?.id ? { id: element.id } : null;
  const same = [...form.elements].filter((one) => one.name === element.name);
  return { sign: signOf(form), name: element.name, nth: same.indexOf(element), from: element.selectionStart, to: element.selectionEnd };
}

function focusAgain(memory) {
  if (!memory) return;
  if (memory.summary) {
    const details = [...document.querySelectorAll("#editor details")].find((one) => titleOf(one) === memory.summary);
    return void details?.querySelector("summary").focus({ preventScroll: true });
  }
  if (memory.id) return void document.getElementById(memory.id)?.focus({ preventScroll: true });
  const form = formsHere().find((one) => signOf(one) === memory.sign);
  const same = form && [...form.elements].filter((one) => one.name === memory.name)[memory.nth];
  // Where the words of a new screen were typed, the way to that screen is now.
  const element = same?.offsetParent === null ? same.closest(".me-target")?.querySelector(".me-go") : same;
  element?.focus({ preventScroll: true });
  if (element?.setSelectionRange && Number.isInteger(memory.from)) element.setSelectionRange(memory.from, memory.to);
}

const titleOf = (details) => `${details.closest("[id]")?.id} ${details.querySelector("summary").textContent}`;

async function refresh() {
  let page;
  try {
    page = await fetchPage();
  } catch {
    return;
  }
  // What is being dragged must not be taken away under the mouse.
  if (dragged) return void document.addEventListener("dragend", refresh, { once: true });
  const memory = focusedNow();
  const open = new Set([...document.querySelectorAll("details[open]")].map(titleOf));
  for (const part of document.querySelectorAll("[data-fresh]")) {
    const fresh = page.getElementById(part.id);
    if (fresh) part.replaceChildren(...fresh.childNodes);
  }
  for (const details of document.querySelectorAll("#editor details")) if (open.has(titleOf(details))) details.open = true;
  const fresh = page.getElementById("draft").dataset;
  state.base = Number(fresh.revision);
  state.token = fresh.token;
  Object.assign(bar.dataset, { revision: fresh.revision, newest: fresh.newest });
  document.getElementById("others").replaceChildren();
  drawn();
  if (focusAfter) focusAfter();
  else focusAgain(memory);
  focusAfter = null;
  check();
}

// What was typed and is not saved stands in its fields again.
function fillIn() {
  for (const item of unsaved().filter((one) => !one.once)) {
    const form = formsHere().find((one) => signOf(one) === item.sign);
    if (form) fill(form, item.fields);
  }
}

function fill(form, fields) {
  const seen = {};
  for (const box of form.querySelectorAll("input[type=checkbox]")) box.checked = fields.some(([name]) => name === box.name);
  for (const [name, value] of fields) {
    seen[name] = (seen[name] ?? -1) + 1;
    const element = [...form.elements].filter((one) => one.name === name)[seen[name]];
    if (element && element.type !== "checkbox" && element.type !== "hidden") element.value = value;
  }
}

function drawn() {
  fillIn();
  for (const select of document.querySelectorAll("select[data-target]")) showNew(select);
  for (const select of document.querySelectorAll("select[name=kind]")) showOnly(select);
  markFields();
}

function showNew(select) {
  const more = select.parentElement.querySelector("[data-new]");
  more?.classList.toggle("me-wanted", select.value === "+");
}

// Whoever has chosen a new screen writes its words next.
function askForNew(select) {
  showNew(select);
  if (select.value === "+") select.parentElement.querySelector("[data-new] input")?.focus();
}

function showOnly(select) {
  for (const part of select.form.querySelectorAll("[data-only]")) part.hidden = !part.dataset.only.split(" ").includes(select.value);
}

// ---- checking while somebody types

function check() {
  if (!editor?.dataset.screen || !mayEdit) return;
  window.clearTimeout(checker);
  checker = window.setTimeout(checkNow, PAUSE_CHECK);
}

async function checkNow() {
  const beside = document.getElementById("beside");
  const mine = (checks += 1);
  const body = new FormData();
  body.set("csrf_token", state.token);
  body.set("screen", editor.dataset.screen);
  body.set("language", beside.dataset.language);
  body.set("show", beside.dataset.show);
  body.set("unsaved", JSON.stringify(unsaved().filter((one) => !one.once).map((one) => one.fields)));
  try {
    const response = await fetch(bar.dataset.check, { method: "POST", body });
    if (!response.ok || mine !== checks) return;
    const { html, room } = await response.json();
    const memory = beside.contains(document.activeElement) ? document.activeElement.dataset.beside : null;
    beside.replaceChildren(...new DOMParser().parseFromString(html, "text/html").body.childNodes);
    if (memory) beside.querySelector(`[data-beside="${CSS.escape(memory)}"]`)?.focus();
    showRoom(room);
    markFields();
    tellHowMany();
  } catch {
    // The network is away: what is typed is kept, and checked with the next letter.
  }
}

function showRoom(room) {
  for (const place of document.querySelectorAll("[data-room]")) {
    const found = room[place.dataset.room];
    if (!found) continue;
    place.classList.toggle("me-over", found.over > 0);
    place.querySelector("meter").value = found.septets;
    place.querySelector("[data-room-said]").textContent = found.said;
    const words = document.getElementById(`room-${place.dataset.room}`);
    if (words) words.textContent = found.said;
  }
}

function markFields() {
  for (const field of document.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  for (const link of document.querySelectorAll("#beside .me-error [data-focuses]")) {
    const field = document.getElementById(link.dataset.focuses);
    if (field?.matches("input, textarea, select")) field.setAttribute("aria-invalid", "true");
  }
}

// Said aloud only when it changes: whoever listens is not told after every letter.
function tellHowMany() {
  const told = document.getElementById("told");
  const wrong = document.querySelectorAll("#beside .me-error").length;
  const said = wrong ? told.dataset.wrong.replace("§", wrong) : told.dataset.fine;
  if (told.textContent !== said) told.textContent = said;
}

function goTo(id) {
  const field = document.getElementById(id);
  if (!field) return false;
  for (let part = field.closest("details"); part; part = part.parentElement.closest("details")) part.open = true;
  if (!field.matches("input, textarea, select, button, a, [tabindex]")) field.tabIndex = -1;
  field.focus();
  return true;
}

// ---- choices are moved

function move(choice, to, direction) {
  const form = choice.querySelector(`form[data-move="${direction}"]`) ?? choice.querySelector("form[data-move]");
  if (!form || acting || to < 1 || to > choice.parentElement.children.length) return;
  form.elements.to.value = to;
  act(form);
  focusAfter = () => {
    const moved = document.querySelector(`.me-choices > li:nth-child(${to})`);
    const button = moved?.querySelector(`form[data-move="${direction}"] button:not(:disabled)`);
    (button ?? moved)?.focus();
  };
}

// Where a screen goes on that has just become another kind.
const WHAT_IT_IS = "#f-ask-check, .me-choice input[lang], #f-branch-0-when, #f-do, #screen-top";

function act(form) {
  if (acting) return;
  if (whatOf(form) === "become") {
    focusAfter = () => [...document.querySelectorAll(WHAT_IT_IS)].at(-1)?.focus();
  }
  acting = true;
  window.clearTimeout(saver);
  note(form, { once: true });
  save();
}

let dragged = null;
document.addEventListener("dragstart", (event) => {
  dragged = event.target.closest?.(".me-key[draggable]")?.closest(".me-choice") ?? null;
  dragged?.classList.add("me-dragged");
  if (dragged) event.dataTransfer.setData("text/plain", dragged.dataset.key);
});
document.addEventListener("dragover", (event) => {
  const over = dragged && event.target.closest?.(".me-choice");
  for (const one of document.querySelectorAll(".me-over-it")) one.classList.remove("me-over-it");
  if (!over) return;
  event.preventDefault();
  over.classList.add("me-over-it");
});
document.addEventListener("drop", (event) => {
  const over = dragged && event.target.closest?.(".me-choice");
  if (!over) return;
  event.preventDefault();
  const order = [...over.parentElement.children];
  const [from, to] = [order.indexOf(dragged), order.indexOf(over)];
  if (from !== to) move(dragged, to + 1, to < from ? "up" : "down");
});
document.addEventListener("dragend", () => {
  dragged?.classList.remove("me-dragged");
  for (const one of document.querySelectorAll(".me-over-it")) one.classList.remove("me-over-it");
  dragged = null;
});

// ---- what happens on the page

document.addEventListener("input", (event) => {
  const form = event.target.form;
  if (event.target.dataset.filters) return filter(event.target);
  if (!mayEdit || !form || !("saves" in form.dataset) || waits(form) || event.target.name.endsWith("_new")) return;
  if (event.target.matches("select, [type=checkbox]")) return; // a change follows
  if (!WHEN_LEFT.has(whatOf(form))) return changed(form, false);
  note(form); // kept, but sent when the field is left
  check();
});

document.addEventListener("change", (event) => {
  const { form } = event.target;
  if (event.target.matches("select[data-target]")) askForNew(event.target);
  if (event.target.name === "kind") showOnly(event.target);
  if (mayEdit && form && "saves" in form.dataset && !waits(form)) changed(form, true);
});

document.addEventListener("submit", (event) => {
  const form = event.target;
  if (mayEdit && "saves" in form.dataset) {
    event.preventDefault();
    if (waits(form) || "move" in form.dataset || whatOf(form) === "choice_delete") {
      if ("move" in form.dataset) move(form.closest(".me-choice"), Number(form.elements.to.value), form.dataset.move);
      else act(form);
    } else changed(form, true);
  } else if ("afterSaving" in form.dataset && waiting().length) {
    event.preventDefault();
    save().then((done) => done && form.submit());
  }
});

document.addEventListener("focusin", (event) => {
  if (!event.target.matches("[data-says]")) return;
  lastText = event.target.id;
  const beside = document.getElementById("beside");
  if (!beside || !mayEdit || beside.dataset.language === event.target.dataset.says) return;
  beside.dataset.language = event.target.dataset.says; // the phone speaks what is being written
  check();
});

document.addEventListener("keydown", (event) => {
  const choice = event.target.closest?.(".me-choice");
  if (!choice || !event.altKey || !["ArrowUp", "ArrowDown"].includes(event.key) || !mayEdit) return;
  event.preventDefault();
  const up = event.key === "ArrowUp";
  const here = [...choice.parentElement.children].indexOf(choice) + 1;
  move(choice, up ? here - 1 : here + 1, up ? "up" : "down");
});

document.addEventListener("click", (event) => {
  const chip = event.target.closest("[data-inserts]");
  if (chip) return insert(chip.dataset.inserts);
  const link = event.target.closest("a[href]");
  if (!link || event.defaultPrevented || event.button || event.ctrlKey || event.metaKey || event.shiftKey) return;
  if (link.dataset.beside !== undefined && mayEdit) {
    event.preventDefault();
    Object.assign(document.getElementById("beside").dataset, Object.fromEntries(new URLSearchParams(link.dataset.beside)));
    checkNow();
  } else if (link.dataset.focuses && goTo(link.dataset.focuses)) {
    event.preventDefault();
  } else if (link.dataset.line) {
    event.preventDefault();
    toLine(Number(link.dataset.line));
  } else if (waiting().length && link.origin === window.location.origin && !link.hash) {
    event.preventDefault();
    save().then((done) => done && window.location.assign(link.href));
  }
});

function insert(words) {
  const field = document.getElementById(lastText ?? "") ?? document.querySelector("[data-says]");
  field.focus();
  field.setRangeText(words, field.selectionStart, field.selectionEnd, "end");
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

function filter(field) {
  const wanted = field.value.trim().toLowerCase();
  const list = document.getElementById(field.dataset.filters);
  list.classList.toggle("me-filtered", wanted !== "");
  let shown = 0;
  for (const line of list.children) {
    line.hidden = !(line.dataset.words ?? "").includes(wanted);
    shown += Number(!line.hidden);
  }
  const said = document.getElementById("matching");
  said.dataset.whole ??= said.textContent;
  said.textContent = shown ? said.dataset.whole.replace(/^[\d.,]+/, String(shown)) : said.dataset.none;
}

function toLine(number) {
  const text = document.getElementById("text");
  const before = text.value.split("\n").slice(0, number - 1).join("\n").length + (number > 1 ? 1 : 0);
  const end = text.value.indexOf("\n", before);
  text.focus();
  text.setSelectionRange(before, end < 0 ? text.value.length : end);
  document.getElementById(`L${number}`)?.scrollIntoView({ block: "center" });
}

// ---- who else is there

async function look() {
  try {
    const address = `${bar.dataset.here}?place=${encodeURIComponent(bar.dataset.place)}`;
    const response = await fetch(address, { redirect: "error" });
    if (response.ok) showOthers(await response.json());
  } catch {
    // The next look may find the network again.
  }
  window.setTimeout(look, BETWEEN_LOOKS);
}

function showOthers({ people, revision, by, mine }) {
  const place = document.getElementById("others");
  const badges = people.map(({ who, place: where }) => {
    const badge = document.createElement("span");
    badge.className = "badge state-open";
    badge.textContent = place.dataset.here.replace("§", who).replace("¶", where || "–");
    return badge;
  });
  if (revision !== Number(bar.dataset.newest) && !mine) badges.push(changedBy(place, by));
  place.replaceChildren(...badges);
}

function changedBy(place, by) {
  const said = document.createElement("span");
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-sm btn-outline-secondary";
  button.textContent = place.dataset.show;
  button.addEventListener("click", () => (editor ? save().then(refresh) : window.location.reload()));
  said.append(` ${place.dataset.changed.replace("§", by)} `, button);
  return said;
}

// ---- coming and going

window.addEventListener("beforeunload", (event) => {
  if (waiting().length) event.preventDefault();
});
window.addEventListener("pagehide", () => {
  if (!bar.dataset.gone) return;
  const body = new FormData();
  body.set("csrf_token", state.token);
  navigator.sendBeacon(bar.dataset.gone, body);
});
window.addEventListener("online", save);
window.addEventListener("offline", () => waiting().length && say("offline"));

// Whoever was quicker than this script has typed already.
for (const field of document.querySelectorAll("[data-filters]")) if (field.value) filter(field);
const left = mayEdit && adopt();
drawn();
if (left) {
  const told = document.getElementById("unsent");
  told.textContent = told.dataset.said;
  told.hidden = false;
  save().then((done) => {
    told.hidden = done;
    check();
  });
}
if (window.location.hash.length > 1) {
  const wanted = decodeURIComponent(window.location.hash.slice(1));
  if (/^L\d+$/.test(wanted)) toLine(Number(wanted.slice(1)));
  else goTo(wanted);
}
window.setTimeout(look, BETWEEN_LOOKS);
