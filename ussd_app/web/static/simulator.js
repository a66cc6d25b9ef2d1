// A phone in the browser: it speaks the gateway's own callbacks, dialling and texting, reads the SMS that were sent, and
// pays pay codes.
// Nothing here knows what the menu says; the page's words arrive from the template in data-words.

const page = document.getElementById("simulator");
const phone = document.getElementById("phone");
const { callbackUrl, smsUrl, messagesUrl, paymentsUrl, serviceCode, networkCode } = page.dataset;
const limit = Number(page.dataset.limit) || 160;
const words = JSON.parse(page.dataset.words);

const REQUEST_SECONDS = 15; // after this a network has given up on us
const SESSION_SECONDS = 180; // after this it closes the conversation
const NEAR = 10; // this many characters before the limit the counter warns
const TAP_MS = 900; // the same key within this time means the next letter

const part = Object.fromEntries(
  [...page.querySelectorAll("[data-part]")].map((element) => [element.dataset.part, element]),
);
const field = Object.fromEntries(
  ["number", "code", "answer", "write-text", "pay-code", "pay-amount"].map((id) => [id, document.getElementById(id)]),
);
const language = document.documentElement.lang === "en" ? "en-GB" : "id-ID";
const say = (key, values = {}) => words[key].replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
const rupiah = (amount) => `Rp${new Intl.NumberFormat("id-ID").format(amount)}`;
const finePointer = matchMedia("(pointer: fine)");

// ---------------------------------------------------------------- how long a text is on the air

const GSM7 = new Set(
  "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?" +
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà",
);
const GSM7_TWICE = new Set("^{}[]~|\\€\f");

/** Septets of a text, or UTF-16 units as soon as one character is outside GSM-7. */
function measure(text) {
  let septets = 0;
  for (const character of text) {
    if (GSM7.has(character)) septets += 1;
    else if (GSM7_TWICE.has(character)) septets += 2;
    else return { count: text.length, limit: Math.min(70, limit), ucs2: true };
  }
  return { count: septets, limit, ucs2: false };
}

// ---------------------------------------------------------------- what is kept between visits

const memory = {
  read(key) {
    try {
      return localStorage.getItem(`sertakan.${key}`);
    } catch {
      return null; // a private window may forbid it; the phone works without
    }
  },
  write(key, value) {
    try {
      localStorage.setItem(`sertakan.${key}`, value);
    } catch {
      // see above
    }
  },
};

// ---------------------------------------------------------------- the phone

const state = {
  mode: "idle", // idle, loading, open, ended, error
  text: say("idle", { code: serviceCode }), // what the screen says
  measured: false, // whether that text came over the network, so that its length matters
  number: "",
  call: null, // {id, serviceCode, said: [...], endsAt} of the last dial
  lastCode: serviceCode,
  lastBody: null, // the last request, byte for byte
  waiting: null, // {controller, since} of the request on its way
  freshCode: true, // the next key replaces the code instead of adding to it
  letters: false, // number keys write letters
};

const sessionId = () =>
  `ATUid_sim_${[...crypto.getRandomValues(new Uint8Array(12))].map((b) => b.toString(16).padStart(2, "0")).join("")}`;

/** "*777*1*2#" -> {serviceCode: "*777#", said: ["1", "2"]}; any other code is dialled as it stands. */
function parseCode(code) {
  const stem = serviceCode.replace(/#$/, "");
  if (!code.startsWith(`${stem}*`)) return { serviceCode: code, said: [] };
  const chain = code.slice(stem.length + 1, -1);
  return { serviceCode, said: chain ? chain.split("*") : [] };
}

function dial(code) {
  if (!commitNumber()) {
    field.number.focus();
    return;
  }
  if (!/^\*[^#]+#$/.test(code)) {
    show("idle", say("bad_code", { code: serviceCode }));
    return;
  }
  state.waiting?.controller.abort();
  state.lastCode = code;
  state.freshCode = true;
  field.code.value = code;
  state.call = { id: sessionId(), ...parseCode(code), endsAt: Date.now() + SESSION_SECONDS * 1000 };
  transmit();
  // On a small page the whole phone comes into view, keys and all.
  if (matchMedia("(max-width: 800px)").matches) phone.scrollIntoView({ block: "nearest" });
}

function answer(text) {
  state.call.said.push(text);
  field.answer.value = "";
  setLetters(false);
  transmit();
}

function transmit() {
  const { id, serviceCode: called, said } = state.call;
  send(
    new URLSearchParams({
      sessionId: id,
      phoneNumber: state.number,
      networkCode,
      serviceCode: called,
      text: said.join("*"),
    }).toString(),
  );
}

/** One request to the callback, and the screen that follows from it. */
async function send(body) {
  state.waiting?.controller.abort();
  const waiting = { controller: new AbortController(), since: performance.now() };
  state.waiting = waiting;
  state.lastBody = body;
  const wasTyping = phone.contains(document.activeElement) && document.activeElement.matches("input");
  show("loading", say("wait"));
  part["raw-request"].textContent = `POST ${callbackUrl}\n\n${body.split("&").join("\n&")}`;
  part["raw-response"].textContent = "…";
  part["raw-meta"].textContent = "";

  const tooLate = setTimeout(() => waiting.controller.abort("timeout"), REQUEST_SECONDS * 1000);
  let reply;
  let status;
  try {
    const response = await fetch(callbackUrl, {
      method: "POST",
      headers: { "Content-Type": "application/x-www-form-urlencoded" },
      body,
      signal: waiting.controller.signal,
      cache: "no-store",
      credentials: "omit",
    });
    status = response.status;
    reply = await response.text();
  } catch {
    if (state.waiting !== waiting) return; // hung up, or overtaken by a newer request
    const late = waiting.controller.signal.reason === "timeout";
    reply = null;
    part["raw-response"].textContent = late ? "timeout" : "network error";
    state.waiting = null;
    show("error", late ? say("timeout", { seconds: REQUEST_SECONDS }) : say("unreachable"));
    return;
  } finally {
    clearTimeout(tooLate);
  }
  if (state.waiting !== waiting) return;
  state.waiting = null;
  part["raw-response"].textContent = reply;
  part["raw-meta"].textContent = `HTTP ${status} · ${Math.round(performance.now() - waiting.since)} ms`;

  const verb = reply.slice(0, 4);
  if (status !== 200) show("error", say("refused", { status }));
  else if (verb === "CON ") show("open", reply.slice(4), true);
  else if (verb === "END ") show("ended", reply.slice(4), true);
  else show("error", say("garbled"));
  if (state.mode === "open" && (wasTyping || finePointer.matches)) focusAnswer();
}

/** Put the cursor into the answer, unless the person is busy elsewhere on the page. */
function focusAnswer() {
  const active = document.activeElement;
  if (active === document.body || phone.contains(active)) field.answer.focus({ preventScroll: true });
}

const isLive = () => state.mode === "loading" || state.mode === "open";

function hangUp() {
  const busy = isLive();
  state.waiting?.controller.abort();
  state.waiting = null;
  field.answer.value = "";
  state.freshCode = true;
  if (busy) show("ended", say("hung_up"));
  else show("idle", say("idle", { code: serviceCode }));
}

function expire() {
  state.waiting?.controller.abort();
  state.waiting = null;
  show("ended", say("expired", { seconds: SESSION_SECONDS }));
}

const actions = {
  send: () => (state.mode === "open" ? answer(field.answer.value) : actions.dial()),
  dial() {
    if (state.mode === "open") answer(field.answer.value);
    else if (state.mode !== "loading") dial(field.code.value.trim());
  },
  redial() {
    if (!isLive()) dial(state.lastCode);
  },
  repeat() {
    if (state.lastBody === null) return;
    // A retry that comes after the session has ended is given time of its own.
    if (!isLive()) state.call.endsAt = Date.now() + SESSION_SECONDS * 1000;
    send(state.lastBody);
  },
  hangup: hangUp,
  clear: () => edit((value, start, end) => [value, start === end ? Math.max(0, start - 1) : start, end, ""]),
  mode: () => setLetters(!state.letters),
};

// ---------------------------------------------------------------- keys

const TAPS = { 1: ".,?!1", 2: "abc2", 3: "def3", 4: "ghi4", 5: "jkl5", 6: "mno6", 7: "pqrs7", 8: "tuv8", 9: "wxyz9", 0: " 0" };
let lastTap = { key: "", at: 0, turn: 0 };

const line = () => (state.mode === "open" ? field.answer : field.code);

/** Change the line at its cursor (its end, when nobody's cursor is in it). */
function edit(change) {
  if (state.mode === "loading") return;
  const input = line();
  const here = document.activeElement === input;
  const start = here ? input.selectionStart : input.value.length;
  const end = here ? input.selectionEnd : input.value.length;
  const [, from, to, characters] = change(input.value, start, end);
  input.setRangeText(characters, from, to, "end");
  input.scrollLeft = input.scrollWidth;
  state.freshCode = false;
}

function type(characters) {
  if (state.mode === "ended" || state.mode === "error") hangUp(); // as on a real phone: a new number begins
  if (line() === field.code && state.freshCode) field.code.value = "";
  edit((value, start, end) => [value, start, end, characters]);
}

/** A key of the keypad: itself, or in letter mode the next of its letters. */
function press(key) {
  const taps = TAPS[key];
  if (!state.letters || state.mode !== "open" || !taps) {
    type(key);
    return;
  }
  const now = performance.now();
  const again = key === lastTap.key && now - lastTap.at < TAP_MS;
  lastTap = { key, at: now, turn: again ? lastTap.turn + 1 : 0 };
  const letter = taps[lastTap.turn % taps.length];
  if (again) edit((value, start, end) => [value, start - 1, end, letter]);
  else type(letter);
}

function setLetters(on) {
  state.letters = on;
  lastTap = { key: "", at: 0, turn: 0 };
  part.mode.textContent = on ? "abc" : "123";
  part.mode.setAttribute("aria-pressed", String(on));
}

/** Show on the drawn keypad what the real keyboard does. */
function glint(selector) {
  const key = phone.querySelector(selector);
  key?.classList.add("down");
  setTimeout(() => key?.classList.remove("down"), 130);
}

phone.addEventListener("mousedown", (event) => {
  if (!event.target.closest("button")) return;
  event.preventDefault(); // the cursor stays where it was: Enter keeps meaning "send"
  if (!phone.contains(document.activeElement)) document.activeElement?.blur();
});

phone.addEventListener("click", (event) => {
  const key = event.target.closest("[data-key]");
  if (key) press(key.dataset.key);
});

phone.addEventListener("submit", (event) => {
  event.preventDefault();
  actions.send();
});

page.addEventListener("click", (event) => {
  const button = event.target.closest("[data-do]");
  if (button && button.type !== "submit") actions[button.dataset.do]();
});

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
  const inField = event.target.matches("input, textarea, select");
  const onPhone = phone.contains(event.target);
  const { key } = event;
  if (key === "Escape") {
    if (inField && !onPhone) return;
    event.preventDefault();
    glint("[data-do=hangup]");
    hangUp();
    return;
  }
  if (inField) {
    if (onPhone && /^[0-9*#]$/.test(key)) glint(`[data-key="${key}"]`);
    if (onPhone && key === "Enter") glint("[data-do=send]");
    return; // the field writes for itself, and its Enter submits the form
  }
  if (key === "Enter") {
    if (event.target.closest("button, a, summary")) return;
    event.preventDefault();
    glint("[data-do=send]");
    actions.send();
  } else if (key === "Backspace") {
    event.preventDefault();
    glint("[data-do=clear]");
    actions.clear();
  } else if (/^[0-9*#]$/.test(key)) {
    event.preventDefault(); // Firefox would open its quick find on some of these
    glint(`[data-key="${key}"]`);
    type(key);
  } else if (state.mode === "open" && key.length === 1 && (key !== " " || event.target === document.body)) {
    event.preventDefault();
    type(key);
  }
});

field.code.addEventListener("input", () => {
  state.freshCode = false;
});

// ---------------------------------------------------------------- what the screen shows

function show(mode, text, measured = false) {
  state.mode = mode;
  state.text = text;
  state.measured = measured;
  const answering = mode === "open" || (mode === "loading" && !part["answer-line"].hidden);
  page.dataset.state = mode;
  part.state.textContent = say(`state_${mode}`);
  part.screen.textContent = text;
  part.body.scrollTop = 0;
  part.waiting.hidden = mode !== "loading";
  part.retry.hidden = mode !== "error" || state.lastBody === null;
  part["answer-line"].hidden = !answering;
  part["code-line"].hidden = answering;
  field.answer.readOnly = field.code.readOnly = mode === "loading";
  part.redial.setAttribute("aria-disabled", String(isLive()));
  part.repeat.disabled = state.lastBody === null;
  showCount();
  showClocks();
  // A text longer than the glass must be reachable with the arrow keys too.
  if (part.body.scrollHeight > part.body.clientHeight + 1) part.body.tabIndex = 0;
  else part.body.removeAttribute("tabindex");
}

function showCount() {
  const { count, limit: most, ucs2 } = measure(state.text);
  part.count.hidden = !state.measured;
  part.ucs2.hidden = !state.measured || !ucs2;
  if (!state.measured) return;
  const level = count > most ? "over" : count >= most - NEAR ? "near" : "ok";
  part.count.textContent = `${count}/${most}`;
  part.count.dataset.level = level;
  part.count.title = say(level === "over" ? "over" : "count", { count, limit: most });
  part.ucs2.title = say("ucs2", { limit: most });
}

const clock = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", hourCycle: "h23" });

function showClocks() {
  const now = new Date();
  part.clock.textContent = clock.format(now);
  part.clock.dateTime = now.toISOString();
  const live = isLive();
  const left = live ? Math.max(0, state.call.endsAt - now.getTime()) : 0;
  const seconds = Math.ceil(left / 1000);
  part.countdown.textContent = live ? `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, "0")}` : state.number;
  part.countdown.classList.toggle("short", live && seconds <= 30);
  part.fuse.style.transform = `scaleX(${left / (SESSION_SECONDS * 1000)})`;
  if (state.waiting) {
    const waited = (performance.now() - state.waiting.since) / 1000;
    part.timer.textContent = `${waited.toLocaleString(language, { minimumFractionDigits: 1, maximumFractionDigits: 1 })} ${words.seconds}`;
  }
  if (live && left === 0) expire();
}

// ---------------------------------------------------------------- whose phone it is

/** "0812-3456-7890", "62812…" and "+62 812…" are one number; null when it is none. */
function tidyNumber(written) {
  const digits = written.replace(/[\s().-]/g, "");
  const number = digits.startsWith("+") ? digits : digits.startsWith("0") ? `+62${digits.slice(1)}` : `+${digits}`;
  const fits = number.startsWith("+62") ? /^\+62[1-9]\d{7,11}$/ : /^\+[1-9]\d{7,14}$/;
  return fits.test(number) ? number : null;
}

let commitLater = 0;

/** Make the written number this phone's number; false, and a sentence beside it, when it is none. */
function commitNumber() {
  clearTimeout(commitLater);
  const number = tidyNumber(field.number.value);
  const problem = document.getElementById("number-problem");
  problem.hidden = number !== null;
  problem.textContent = number === null ? words.bad_number : "";
  field.number.setAttribute("aria-invalid", String(number === null));
  if (number === null) return false;
  if (number !== state.number) {
    const first = state.number === "";
    state.number = number;
    memory.write("number", number);
    if (!first) {
      state.call = state.lastBody = null;
      hangUp();
      if (state.mode !== "idle") hangUp(); // another person's phone lies on its idle screen
    }
    openInbox();
  }
  for (const person of page.querySelectorAll(".person")) {
    person.setAttribute("aria-pressed", String(person.dataset.number === number));
  }
  return true;
}

field.number.addEventListener("input", () => {
  clearTimeout(commitLater);
  if (tidyNumber(field.number.value)) commitLater = setTimeout(commitNumber, 500);
});
field.number.addEventListener("change", () => {
  if (commitNumber()) field.number.value = state.number;
});
field.number.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && commitNumber()) field.number.value = state.number;
});
for (const person of page.querySelectorAll(".person")) {
  person.addEventListener("click", () => {
    field.number.value = person.dataset.number;
    commitNumber();
  });
}

// ---------------------------------------------------------------- the SMS inbox

const inbox = document.getElementById("inbox");
const mail = { seen: new Set(), unread: 0, opened: false, asking: null, timer: 0 };
const title = document.title;

/** Begin with an empty list for the number that is in use now; what is already there counts as read. */
function openInbox() {
  mail.asking?.abort();
  mail.seen = new Set();
  mail.opened = false;
  part.messages.replaceChildren();
  part.empty.hidden = false;
  part["inbox-number"].textContent = state.number;
  markRead();
  poll();
}

async function poll() {
  clearTimeout(mail.timer);
  if (document.hidden || !state.number) return; // visibilitychange begins again
  mail.asking?.abort();
  const asking = new AbortController();
  mail.asking = asking;
  const tooLate = setTimeout(() => asking.abort("timeout"), REQUEST_SECONDS * 1000);
  let pause = 1000;
  try {
    const response = await fetch(`${messagesUrl}?phone=${encodeURIComponent(state.number)}`, {
      signal: asking.signal,
      cache: "no-store",
    });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    const list = await response.json();
    if (mail.asking !== asking) return;
    receive(list);
    part["inbox-down"].hidden = true;
  } catch {
    if (mail.asking !== asking) return; // another number, or another round, took over
    part["inbox-down"].textContent = words.inbox_down;
    part["inbox-down"].hidden = false;
    pause = 2000;
  } finally {
    clearTimeout(tooLate);
  }
  mail.timer = setTimeout(poll, pause);
}

/** Oldest first in, newest first on the page. */
function receive(list) {
  const fresh = list.filter((message) => !mail.seen.has(message.id));
  for (const message of fresh) {
    mail.seen.add(message.id);
    part.messages.prepend(drawMessage(message, mail.opened));
  }
  part.empty.hidden = part.messages.childElementCount > 0;
  if (mail.opened && fresh.length > 0) {
    mail.unread += fresh.length;
    showUnread();
    part.announce.textContent = fresh.map((message) => say("new_sms", { text: message.text })).join("\n");
  }
  mail.opened = true;
}

function drawMessage(message, isNew) {
  const item = document.createElement("li");
  item.dataset.testid = "message";
  item.className = isNew ? "message arriving unread" : "message";
  const text = document.createElement("p");
  text.textContent = message.text;
  item.append(drawTime(message.at), text);
  if (message.pay?.code) {
    const button = document.createElement("button");
    button.type = "button";
    button.className = "plain";
    button.dataset.testid = "message-pay";
    button.textContent = words.pay_this;
    button.addEventListener("click", () => fillPay(message.pay));
    item.append(button);
  }
  return item;
}

function drawTime(at) {
  const time = document.createElement("time");
  const moment = new Date(at);
  time.dateTime = at;
  if (Number.isNaN(moment.getTime())) {
    time.textContent = at;
    return time;
  }
  const today = moment.toDateString() === new Date().toDateString();
  const day = today ? {} : { day: "numeric", month: "short" };
  time.textContent = moment.toLocaleString(language, { ...day, hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
  time.title = moment.toLocaleString(language, { dateStyle: "full", timeStyle: "long" });
  return time;
}

function markRead() {
  mail.unread = 0;
  part.announce.textContent = "";
  for (const item of part.messages.querySelectorAll(".unread")) item.classList.remove("unread");
  showUnread();
}

function showUnread() {
  const { unread } = mail;
  part.badge.hidden = part.mail.hidden = unread === 0;
  part.badge.textContent = say("unread", { count: unread });
  part["mail-count"].textContent = unread;
  document.title = unread ? `(${unread}) ${title}` : title;
}

for (const looking of ["pointerenter", "focusin", "click"]) {
  inbox.addEventListener(looking, () => mail.unread && markRead());
}
document.addEventListener("visibilitychange", poll);

// ---------------------------------------------------------------- an SMS to the service

const writing = document.getElementById("write");

function tellWritten(outcome, sentence) {
  part["write-result"].dataset.outcome = outcome;
  part["write-result"].textContent = sentence;
}

/** As the gateway would post it; what was written stands in the inbox beside the answer. */
async function writeSms() {
  const text = field["write-text"].value;
  if (!text.trim()) return tellWritten("bad", words.write_empty);
  if (!commitNumber()) return field.number.focus();
  const at = new Date().toISOString();
  const to = serviceCode.replace(/\D/g, "");
  part["write-send"].setAttribute("aria-disabled", "true");
  try {
    const response = await fetch(smsUrl, {
      method: "POST",
      body: new URLSearchParams({ from: state.number, to, text, date: at, id: sessionId() }),
      signal: AbortSignal.timeout(REQUEST_SECONDS * 1000),
      credentials: "omit",
    });
    if (!response.ok) throw new Error(`HTTP ${response.status}`);
    field["write-text"].value = "";
    tellWritten("good", words.write_done);
    const item = drawMessage({ at, text }, false);
    item.dataset.testid = "written";
    item.classList.add("mine");
    part.messages.prepend(item);
    part.empty.hidden = true;
  } catch {
    tellWritten("bad", words.write_down);
  }
  part["write-send"].removeAttribute("aria-disabled");
  field["write-text"].focus({ preventScroll: true }); // the next answer is typed where the last one was
  poll();
}

writing.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!part["write-send"].hasAttribute("aria-disabled")) writeSms();
});
writing.addEventListener("input", () => tellWritten("", ""));

// ---------------------------------------------------------------- the till

const till = document.getElementById("pay");

/** "25200", "25.200" and "Rp 25.200" are whole rupiah; null for anything else. */
function readAmount(written) {
  const bare = written.replace(/\s/g, "").replace(/^rp\.?/i, "");
  if (!/^(\d+|\d{1,3}([.,]\d{3})+)$/.test(bare)) return null;
  const amount = Number(bare.replace(/[.,]/g, ""));
  return amount > 0 ? amount : null;
}

function showPreview() {
  const amount = readAmount(field["pay-amount"].value);
  part["pay-preview"].textContent = amount === null ? "" : rupiah(amount);
}

function fillPay({ code, amount }) {
  field["pay-code"].value = code;
  field["pay-amount"].value = amount ?? "";
  showPreview();
  tellPay("", "");
  till.scrollIntoView({ block: "nearest" });
  (amount ? part["pay-submit"] : field["pay-amount"]).focus();
}

function tellPay(outcome, sentence) {
  part["pay-result"].dataset.outcome = outcome;
  part["pay-result"].textContent = sentence;
}

function askAgain(input, sentence) {
  input.setAttribute("aria-invalid", "true");
  input.focus();
  tellPay("bad", sentence);
}

async function pay() {
  const code = field["pay-code"].value.trim();
  const amount = readAmount(field["pay-amount"].value);
  if (!code) return askAgain(field["pay-code"], words.pay_bad_code);
  if (amount === null) return askAgain(field["pay-amount"], words.pay_bad_amount);
  part["pay-submit"].setAttribute("aria-disabled", "true");
  tellPay("wait", words.pay_wait);
  try {
    const response = await fetch(paymentsUrl, {
      method: "POST",
      body: new URLSearchParams({ code, amount: String(amount) }),
      signal: AbortSignal.timeout(REQUEST_SECONDS * 1000),
    });
    if (response.ok) tellPay("good", say("pay_done", { amount: rupiah(amount) }));
    else tellPay("bad", await whyNot(response));
  } catch {
    tellPay("bad", words.pay_down);
  }
  part["pay-submit"].removeAttribute("aria-disabled");
  poll();
}

/** The till's own reason where it gives one, else ours for that status. */
async function whyNot(response) {
  const { reason } = await response.json().catch(() => ({}));
  return reason || words[`pay_${response.status}`] || say("pay_other", { status: response.status });
}

till.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!part["pay-submit"].hasAttribute("aria-disabled")) pay();
});
till.addEventListener("input", (event) => {
  event.target.removeAttribute("aria-invalid");
  showPreview();
});

// ---------------------------------------------------------------- begin

field.number.value = tidyNumber(memory.read("number") ?? "") ?? page.dataset.phone;
show("idle", state.text);
commitNumber();
setInterval(showClocks, 100);
