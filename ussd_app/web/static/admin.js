// The desk works without this: it folds the menu on small screens, says that something takes a moment,
// puts the focus on what is wrong, and follows a list that is under way.

const SECONDS_BETWEEN_LOOKS = 2;

document.documentElement.classList.add("scripted");

const opener = document.querySelector("[data-opens]");
if (opener) {
  const list = document.getElementById(opener.dataset.opens);
  const fold = (open) => {
    list.hidden = !open;
    opener.setAttribute("aria-expanded", String(open));
  };
  const narrow = window.matchMedia("(max-width: 820px)");
  fold(!narrow.matches);
  narrow.addEventListener("change", () => fold(!narrow.matches));
  opener.addEventListener("click", () => fold(list.hidden));
}

document.querySelector("[data-focus]")?.focus();

for (const form of document.querySelectorAll("form[data-busy]")) {
  form.addEventListener("submit", () => {
    const button = form.querySelector("button");
    button.setAttribute("aria-disabled", "true");
    button.textContent = form.dataset.busy;
  });
}

// On a small screen a row is read as a list: each cell says what it is.
function label(place) {
  for (const table of place.querySelectorAll("table.table")) {
    const names = [...table.querySelectorAll("thead th")].map((head) => head.textContent);
    for (const row of table.querySelectorAll("tbody tr")) {
      row.setAttribute("role", "row");
      [...row.cells].forEach((cell, number) => {
        cell.setAttribute("role", "cell");
        cell.dataset.label = names[number] ?? "";
      });
    }
    table.setAttribute("role", "table");
  }
}
label(document);

const followed = document.querySelector("[data-follows]");
const going = () => followed?.querySelector("[data-going='yes']");

async function look() {
  try {
    const answer = await fetch(followed.dataset.follows, { headers: { Accept: "text/html" }, redirect: "error" });
    if (answer.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
      followed.replaceChildren(...fresh.body.childNodes);
      label(followed);
      const moved = followed.querySelector("[data-moved]");
      if (moved) window.location.replace(moved.dataset.moved);
    }
  } catch {
    // The network is away for a moment: the next look may find it again.
  }
  if (going()) window.setTimeout(look, SECONDS_BETWEEN_LOOKS * 1000);
}

if (going()) window.setTimeout(look, SECONDS_BETWEEN_LOOKS * 1000);
