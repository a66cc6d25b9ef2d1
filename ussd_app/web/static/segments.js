// A campaign is put together: conditions come and go as rows, and beside the form stand the number of people, the size
// and price of each text, and a sample. Without this the form works too: all conditions are shown at once.

const PAUSE = 450;

const form = document.getElementById("campaign");
const count = document.getElementById("count");
const adding = document.getElementById("adding");
const add = document.getElementById("add");
const taker = document.getElementById("taker");
const bubble = document.getElementById("bubble");
const wordings = [...form.querySelectorAll("[data-wording]")];
let last = wordings[0];

// ------------------------------------------------------------ conditions as rows

const conditions = [...form.querySelectorAll("[data-condition]")];
const comparison = (row) => row.querySelector("select");
const offered = () => {
  const left = conditions.filter((row) => row.hidden);
  add.replaceChildren(...left.map((row) => new Option(row.querySelector("legend").textContent, row.dataset.condition)));
  adding.hidden = left.length === 0;
};

for (const row of conditions) {
  row.hidden = comparison(row).value === "";
  const button = taker.content.firstElementChild.cloneNode(true);
  const words = document.createElement("span");
  words.className = "visually-hidden";
  words.textContent = ` ${row.querySelector("legend").textContent}`;
  button.append(words);
  button.addEventListener("click", () => {
    comparison(row).value = "";
    for (const box of row.querySelectorAll("input")) box.checked = false;
    row.hidden = true;
    offered();
    add.focus();
    soon();
  });
  row.append(button);
}
document.getElementById("add-now").addEventListener("click", () => {
  const row = conditions.find((one) => one.dataset.condition === add.value);
  if (!row) return;
  row.hidden = false;
  row.parentElement.append(row);
  comparison(row).selectedIndex = 1;
  comparison(row).focus();
  offered();
  soon();
});
offered();

// ------------------------------------------------------------ what the service says of it

let waiting = 0;
let asked = null;
let said = {};

function soon() {
  window.clearTimeout(waiting);
  waiting = window.setTimeout(ask, PAUSE);
}

async function ask() {
  asked?.abort();
  asked = new AbortController();
  count.setAttribute("aria-busy", "true");
  try {
    const body = new URLSearchParams(new FormData(form));
    const answer = await fetch(form.dataset.looks, { method: "POST", body, signal: asked.signal, redirect: "error" });
    if (!answer.ok) throw new Error(String(answer.status));
    tell(await answer.json());
  } catch (problem) {
    if (problem.name === "AbortError") return;
    count.textContent = count.dataset.away;
  }
  count.removeAttribute("aria-busy");
}

function tell(told) {
  said = told.texts;
  if (count.textContent !== told.said) count.textContent = told.said;
  if (told.begins) document.getElementById("begins").textContent = told.begins;
  for (const wording of wordings) {
    const one = told.texts[wording.name];
    const field = wording.closest(".field");
    const size = field.querySelector("[data-size]");
    size.dataset.usual ??= size.textContent;
    size.textContent = one ? one.size : size.dataset.usual;
    const trouble = field.querySelector("[data-trouble]");
    trouble.hidden = !one?.problems.length;
    trouble.textContent = one?.problems.join(" ") ?? "";
  }
  sample();
}

function sample() {
  const one = said[last.name] ?? Object.values(said)[0];
  document.getElementById("preview").hidden = !one?.shown;
  bubble.textContent = one?.shown ?? "";
}

form.addEventListener("input", soon);

// ------------------------------------------------------------ variables are put in where the cursor is

const inserts = document.getElementById("inserts");
inserts.hidden = false;
for (const wording of wordings) {
  wording.addEventListener("focus", () => {
    last = wording;
    sample();
  });
}
for (const button of inserts.querySelectorAll("[data-insert]")) {
  button.addEventListener("click", () => {
    last.setRangeText(button.dataset.insert, last.selectionStart, last.selectionEnd, "end");
    last.focus();
    soon();
  });
}
ask();
