// Saves the menu editor's forms by themselves. What is typed is kept in this browser at once and taken out only when
// the server has it: neither a closed browser nor a lost network loses anything. Each save has a key made up here, so
// that one that is sent twice is made once, and the revision it was made on, so that nobody is written over.

const RETRY = 4000;
const bar = document.getElementById("draft");
const shelf = `sertakan-draft:${bar.dataset.who}:${bar.dataset.draft}:`;
const own = `${shelf}${newKey().slice(0, 8)}:`;
const box = usable();
const told = document.getElementById("saved");
export const state = { base: Number(bar.dataset.revision), token: bar.dataset.token, blocked: false };
let sending = null;
let retry = 0;

export function newKey() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, "0")).join("");
}

// A browser that refuses to keep anything still saves: only closing it loses what was not sent yet.
function usable() {
  try {
    localStorage.setItem(shelf, "");
    localStorage.removeItem(shelf);
    return localStorage;
  } catch {
    const held = new Map();
    return {
      get length() { return held.size; },
      key: (number) => [...held.keys()][number],
      getItem: (place) => held.get(place) ?? null,
      setItem: (place, text) => held.set(place, text),
      removeItem: (place) => held.delete(place),
    };
  }
}

// ---- what is not saved yet

// The forms of one place and kind are the same form, however often the page is drawn.
export function signOf(form) {
  const said = new FormData(form);
  return ["what", "screen", "key", "reason", "file"]
    .map((name) => (name === "key" ? (form.querySelector("[name=key][data-choice]")?.value ?? "") : (said.get(name) ?? "")))
    .join("|");
}

export function fieldsOf(form) {
  return [...new FormData(form)].filter(([name]) => !["csrf_token", "revision", "save_key"].includes(name));
}

function kept(prefix) {
  const places = Array.from({ length: box.length }, (_, number) => box.key(number));
  return places
    .filter((place) => place.startsWith(prefix))
    .map((place) => ({ ...JSON.parse(box.getItem(place)), place }))
    .sort((one, other) => one.at - other.at);
}

export const unsaved = () => kept(own);
export const waiting = () => unsaved().filter((one) => !one.refused);

function keep({ place, ...item }) {
  box.setItem(place, JSON.stringify(item));
}

// What a closed page has left behind is ours to send; true when there was something.
export function adopt() {
  const left = kept(shelf).filter(({ place }) => !place.startsWith(own));
  for (const item of left) {
    keep({ ...item, refused: false, left: true, place: own + item.place.slice(own.length) });
    box.removeItem(item.place);
  }
  return left.length > 0;
}

// A form as it is now, and the revision it was typed on. `once` is something to do, not a state: pressed twice it is
// done twice.
export function note(form, { once = false } = {}) {
  const sign = signOf(form);
  const key = newKey();
  const place = `${own}${sign}${once ? `:${key}` : ""}`;
  const before = JSON.parse(box.getItem(place) ?? "null");
  const since = { at: before?.at ?? Date.now(), base: before?.base ?? state.base };
  keep({ place, sign, key, once, to: form.action, ...since, fields: fieldsOf(form) });
  say("unsent");
}

// ---- sending

export function say(word, extra = "") {
  told.textContent = extra || told.dataset[word] || "";
  told.classList.toggle("me-waits", word !== "saved");
}

// Send everything that waits, one after another. `each` hears of every answer; true when nothing is left to send.
export function flush(each) {
  sending ??= sendAll(each).finally(() => { sending = null; });
  return sending;
}

async function sendAll(each) {
  window.clearTimeout(retry);
  while (!state.blocked) {
    const item = waiting()[0];
    if (!item) {
      if (told.classList.contains("me-waits") && !unsaved().length) say("saved");
      return true;
    }
    say("saving");
    const answer = await send(item);
    if (answer.away) {
      say(answer.away);
      retry = window.setTimeout(() => flush(each), RETRY);
      return false;
    }
    await settleOne(item, answer, each);
  }
  return false;
}

async function settleOne(item, answer, each) {
  const now = JSON.parse(box.getItem(item.place) ?? "null");
  const typedSince = now && now.key !== item.key;
  if (answer.sorry && !item.once) {
    if (!typedSince) keep({ ...item, refused: true });
  } else if (!typedSince) {
    box.removeItem(item.place);
  }
  // What else was typed on that revision, or is on this page, stands on what came of it.
  if (answer.revision && !answer.others) {
    for (const other of unsaved()) if (other.base === item.base) keep({ ...other, base: answer.revision });
    if (state.base === item.base) state.base = answer.revision;
  }
  if (answer.conflict) state.blocked = true;
  if (answer.sorry) say("unsent");
  await each?.(item, answer);
}

async function send(item) {
  const body = new FormData();
  for (const [name, value] of item.fields) body.append(name, value);
  body.set("csrf_token", state.token);
  body.set("save_key", item.key);
  body.set("revision", String(item.base));
  try {
    const response = await fetch(item.to, { method: "POST", body, headers: { Accept: "application/json" } });
    if (response.headers.get("Content-Type")?.startsWith("application/json")) return await response.json();
    // No answer of the editor: signed out, or the token of a session that is over.
    if (response.ok || response.status === 400) return { away: (await anotherToken()) ? "saving" : "signedOut" };
    return { away: "broken" };
  } catch {
    return { away: "offline" };
  }
}

async function anotherToken() {
  const before = state.token;
  const page = await fetchPage().catch(() => null);
  const fresh = page?.getElementById("draft")?.dataset.token;
  if (fresh) state.token = fresh;
  return Boolean(fresh) && fresh !== before;
}

export async function fetchPage() {
  const response = await fetch(window.location.href.split("#")[0], { headers: { Accept: "text/html" } });
  if (!response.ok) throw new Error(String(response.status));
  return new DOMParser().parseFromString(await response.text(), "text/html");
}
