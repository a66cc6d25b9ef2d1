// While an SMS is worded: what each text takes, a moment after typing; saved by itself; nothing lost when the network
// is away or the page is closed. Without this the form is measured and saved by its button.

const LOOK_AFTER = 350;
const SAVE_AFTER = 1500;
const AGAIN_AFTER = 3000;
const HERE_EVERY = 10000;

const form = document.querySelector("[data-wording]");
const place = document.querySelector("[data-here]");

async function here() {
  try {
    const address = new URL(place.dataset.here, window.location.href);
    if (form) address.searchParams.set("revision", form.elements.revision.value);
    const answer = await fetch(address, { headers: { Accept: "text/html" }, redirect: "error" });
    if (answer.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      if (place.textContent.trim() !== fresh.body.textContent.trim()) place.replaceChildren(...fresh.body.childNodes);
    }
  } catch {
    // The network is away for a moment: whoever else is here is told of later.
  }
  window.setTimeout(here, HERE_EVERY);
}
if (place) here();

if (form && !form.querySelector("textarea[readonly]")) {
  const texts = [...form.querySelectorAll("textarea[data-language]")];
  const bar = form.querySelector(".saving");
  const status = form.querySelector("[data-status]");
  const memory = `sertakan-${form.dataset.wording}`;
  const looks = new Map();
  let last = texts[0];
  let timer = 0;
  let saving = false;
  // What was sent and not answered: it is sent again as it was, so that it counts once.
  let pending = null;

  const say = (words, trouble = false) => {
    status.textContent = words;
    bar.classList.toggle("trouble", trouble);
  };

  const snapshot = () => ({
    words: Object.fromEntries(texts.map((text) => [text.name, text.value])),
    revision: form.elements.revision.value,
    key: form.elements.key.value,
  });
  // What the desk sent, not what stands there by now: somebody may type before this runs.
  let kept = Object.fromEntries(texts.map((text) => [text.name, text.defaultValue]));
  const dirty = () => texts.some((text) => text.value !== kept[text.name]);

  // Kept in this browser until the desk has it: a closed lid or a lost network loses nothing.
  const remember = () => {
    try {
      window.localStorage.setItem(memory, JSON.stringify({ ...snapshot(), pending }));
    } catch {
      // No room, or not allowed: then the desk alone keeps it.
    }
  };
  const forget = () => {
    try {
      window.localStorage.removeItem(memory);
    } catch {
      // There was nothing to forget.
    }
  };

  async function look(text) {
    looks.get(text)?.abort();
    const stop = new AbortController();
    looks.set(text, stop);
    const told = new FormData();
    told.set("csrf_token", form.elements.csrf_token.value);
    told.set("language", text.dataset.language);
    told.set("text", text.value);
    told.set("who", form.elements.who.value);
    try {
      const answer = await fetch(form.dataset.look, { method: "POST", body: told, signal: stop.signal, redirect: "error" });
      if (!answer.ok) return;
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      document.getElementById(`look-${text.dataset.language}`).replaceChildren(...fresh.body.childNodes);
    } catch {
      // Typed on meanwhile, or no network: the next look tells.
    }
  }

  const later = (after) => {
    window.clearTimeout(timer);
    timer = window.setTimeout(save, after);
  };

  const post = (told, more) => {
    const body = new FormData();
    for (const name of ["csrf_token", "who"]) body.set(name, form.elements[name].value);
    for (const [name, value] of Object.entries({ ...told.words, revision: told.revision, key: told.key })) body.set(name, value);
    return fetch(form.action, { method: "POST", body, headers: { Accept: "application/json" }, ...more });
  };

  const take = (told, sent) => {
    pending = null;
    if (told.conflict) {
      kept = snapshot().words;
      forget();
      window.location.assign(told.conflict);
    } else if (told.problem) {
      say(told.problem, true);
    } else {
      kept = sent.words;
      form.elements.revision.value = told.revision;
      form.elements.key.value = told.key;
      for (const field of document.querySelectorAll("[data-revision]")) field.value = told.revision;
      say(form.dataset.saved);
      if (dirty()) later(SAVE_AFTER);
      else forget();
    }
  };

  async function save() {
    if (saving || !(pending || dirty())) return;
    saving = true;
    pending ??= snapshot();
    const sent = pending;
    remember();
    say(form.dataset.saving);
    try {
      const answer = await post(sent, { redirect: "error" });
      if (!answer.ok) throw new Error(String(answer.status));
      const told = await answer.json();
      saving = false;
      take(told, sent);
    } catch {
      saving = false;
      say(form.dataset.away, true);
      later(AGAIN_AFTER);
    }
  }

  const changed = (text) => {
    remember();
    say(form.dataset.typing);
    window.clearTimeout(text.lookTimer);
    text.lookTimer = window.setTimeout(() => look(text), LOOK_AFTER);
    if (!saving) later(SAVE_AFTER);
  };

  for (const text of texts) {
    text.addEventListener("focus", () => { last = text; });
    text.addEventListener("input", () => changed(text));
  }

  for (const button of document.querySelectorAll("[data-insert]")) {
    button.addEventListener("click", () => {
      last.setRangeText(button.dataset.insert, last.selectionStart, last.selectionEnd, "end");
      last.focus();
      changed(last);
    });
  }

  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (pending || dirty()) save();
    else say(form.dataset.saved);
  });

  // What goes while the page is closed is sent along; it counts once, whoever of both arrives first.
  window.addEventListener("pagehide", () => {
    if (pending || dirty()) post(pending ?? snapshot(), { keepalive: true }).catch(() => {});
  });

  try {
    const left = JSON.parse(window.localStorage.getItem(memory) ?? "null");
    const other = left ? texts.filter((text) => text.name in left.words && text.value !== left.words[text.name]) : [];
    for (const text of other) {
      text.value = left.words[text.name];
      look(text);
    }
    if (other.length) {
      pending = left.pending;
      form.elements.revision.value = left.revision;
      form.elements.key.value = left.key;
      save();
    } else {
      forget();
    }
  } catch {
    forget();
  }
  for (const text of texts) if (text.value !== kept[text.name]) changed(text);
}
