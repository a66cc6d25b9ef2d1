// The phone beside a draft answers on the same page, its keys type, and a page that holds `data-phone="address"`
// gets the phone from that address. Without this it is a form with buttons.

const places = new Set();

for (const place of document.querySelectorAll("[data-phone]")) begin(place);

function begin(place) {
  places.add(place);
  place.addEventListener("submit", (event) => {
    const form = event.target.closest("[data-phone-form]");
    if (!form) return;
    event.preventDefault();
    answer(place, form, event.submitter);
  });
  place.addEventListener("click", (event) => {
    const key = event.target.closest("[data-phone-key]");
    const field = place.querySelector("[data-phone-say]");
    if (!key || !field) return;
    field.value += key.dataset.phoneKey;
    field.focus({ preventScroll: true });
  });
  place.addEventListener("change", (event) => {
    const form = event.target.closest("[data-phone-form]");
    if (form && event.target.matches("select")) answer(place, form, null, { do: "look" });
  });
  if (place.dataset.phone) lookFor(place);
}

/** Fetch the phone once somebody unfolds it, or can see it. */
function lookFor(place) {
  const look = () => put(place, () => fetch(place.dataset.phone, { headers: { Accept: "text/html" }, redirect: "error" }));
  const folded = place.closest("details:not([open])");
  if (folded) return folded.addEventListener("toggle", look, { once: true });
  const seen = new IntersectionObserver((entries) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    seen.disconnect();
    look();
  });
  seen.observe(place);
}

// The draft was saved: the same walk through what it says now.
function again() {
  for (const place of places) {
    const form = place.querySelector("[data-phone-form]");
    if (form) answer(place, form, null, { do: "look" });
  }
}
document.addEventListener("phone:changed", again);
const draft = document.querySelector("#draft[data-revision]");
if (draft) new MutationObserver(again).observe(draft, { attributeFilter: ["data-revision", "data-newest"] });

function answer(place, form, button, more = {}) {
  const told = new URLSearchParams(new FormData(form));
  if (button?.name) told.append(button.name, button.value);
  for (const [name, value] of Object.entries(more)) told.append(name, value);
  const again = () => fetch(form.dataset.phoneForm, { method: "POST", body: told, headers: { Accept: "text/html" }, redirect: "error" });
  return put(place, again);
}

let newest = 0;

async function put(place, ask) {
  const mine = (newest += 1);
  place.setAttribute("aria-busy", "true");
  try {
    const found = await ask();
    if (!found.ok) throw new Error(String(found.status));
    const text = await found.text();
    if (mine !== newest) return; // something was pressed since
    keepPlace(place, () => place.replaceChildren(...new DOMParser().parseFromString(text, "text/html").body.childNodes));
  } catch {
    if (mine === newest) tellTrouble(place, ask);
  } finally {
    if (mine === newest) place.removeAttribute("aria-busy");
  }
}

/** The keyboard stays where it was, and what was folded stays folded. */
function keepPlace(place, change) {
  const held = place.contains(document.activeElement) ? document.activeElement : null;
  const [id, name] = [held?.id, held?.name];
  const folded = new Map([...place.querySelectorAll("[data-phone-keeps]")].map((part) => [part.dataset.phoneKeeps, part.open]));
  change();
  for (const part of place.querySelectorAll("[data-phone-keeps]")) {
    if (folded.has(part.dataset.phoneKeeps)) part.open = folded.get(part.dataset.phoneKeeps);
  }
  if (!held) return;
  const select = id && id !== "say" && place.querySelector(`#${CSS.escape(id)}`);
  const next = select || place.querySelector("[data-phone-say]") || place.querySelector("[data-phone-screen] ~ .btn");
  (name && select ? select : next)?.focus({ preventScroll: true });
}

function tellTrouble(place, ask) {
  place.querySelector("[data-phone-trouble]")?.remove();
  const trouble = document.createElement("p");
  trouble.className = "alert alert-danger";
  trouble.setAttribute("role", "alert");
  trouble.dataset.phoneTrouble = "";
  trouble.textContent = `${place.dataset.failed ?? "…"} `;
  const button = document.createElement("button");
  button.type = "button";
  button.className = "btn btn-sm btn-outline-secondary";
  button.textContent = "↻";
  button.addEventListener("click", () => put(place, ask));
  trouble.append(button);
  place.prepend(trouble);
}
