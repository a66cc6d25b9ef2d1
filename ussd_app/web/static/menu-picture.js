// The picture of a menu scrolls and opens screens without this. With it: its size changes, the mouse drags it, arrows
// move from screen to screen, the ways in and out of a screen light up, and a search goes to what it finds.

const SMALLEST = 0.1;
const LARGEST = 2.5;
const STEP = 1.25;
// From here down a box cannot be read any more, and the parts say where one is.
const FAR = 0.45;

const map = document.querySelector("[data-map]");
if (map) begin(map);

function begin(place) {
  const view = place.querySelector("[data-map-view]");
  const svg = view.querySelector("svg");
  const told = place.querySelector("[data-map-told]");
  const cards = [...svg.querySelectorAll(".card-of")];
  const named = new Map(cards.map((card) => [card.dataset.name, card]));
  const lines = [...svg.querySelectorAll("[data-from]")];
  const names = svg.querySelector(".far-names");
  const [width, height] = [svg.viewBox.baseVal.width, svg.viewBox.baseVal.height];
  const hint = told.textContent;
  let scale = 1;

  // ---------------------------------------------------------------- its size

  /** Change the size and keep what lies at `x`, `y` of the view where it is. */
  function size(wanted, x = view.clientWidth / 2, y = view.clientHeight / 2) {
    const next = Math.min(LARGEST, Math.max(SMALLEST, wanted));
    const [left, top] = [(view.scrollLeft + x) / scale, (view.scrollTop + y) / scale];
    scale = next;
    svg.setAttribute("width", Math.round(width * scale));
    svg.setAttribute("height", Math.round(height * scale));
    svg.classList.toggle("far", scale < FAR);
    names.setAttribute("font-size", 13 / scale);
    view.scrollLeft = left * scale - x;
    view.scrollTop = top * scale - y;
  }

  const whole = () => size(Math.min(1, view.clientWidth / width, view.clientHeight / height));
  const acts = {
    in: () => size(scale * STEP),
    out: () => size(scale / STEP),
    fit: whole,
    natural: () => size(1),
    lines(button) {
      const on = svg.classList.toggle("all-lines");
      button.setAttribute("aria-pressed", String(on));
    },
  };
  place.addEventListener("click", (event) => {
    const button = event.target.closest("[data-map-do]");
    if (button) acts[button.dataset.mapDo](button);
  });
  view.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return; // the wheel alone scrolls, as everywhere
      event.preventDefault();
      const at = view.getBoundingClientRect();
      size(scale * (event.deltaY < 0 ? STEP : 1 / STEP), event.clientX - at.left, event.clientY - at.top);
    },
    { passive: false },
  );

  // ---------------------------------------------------------------- dragged with the mouse

  let held = null;
  view.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || event.button !== 0 || event.target.closest(".card-of")) return;
    if (event.offsetX > view.clientWidth || event.offsetY > view.clientHeight) return; // on a scroll bar
    held = { x: event.clientX + view.scrollLeft, y: event.clientY + view.scrollTop };
    view.setPointerCapture(event.pointerId);
    view.classList.add("held");
  });
  view.addEventListener("pointermove", (event) => {
    if (!held) return;
    view.scrollLeft = held.x - event.clientX;
    view.scrollTop = held.y - event.clientY;
  });
  for (const ending of ["pointerup", "pointercancel"]) {
    view.addEventListener(ending, () => {
      held = null;
      view.classList.remove("held");
    });
  }

  // ---------------------------------------------------------------- ways in and out light up

  function light(card) {
    const name = card?.dataset.name;
    svg.classList.toggle("lit", Boolean(name));
    const sides = { in: new Set(), out: new Set() };
    for (const line of lines) {
      const { from, to } = line.dataset;
      line.classList.toggle("out", from === name);
      line.classList.toggle("in", to === name && from !== name);
      if (from === name) sides.out.add(to);
      else if (to === name) sides.in.add(from);
    }
    for (const other of cards) {
      other.classList.toggle("near", other === card || sides.in.has(other.dataset.name) || sides.out.has(other.dataset.name));
    }
    told.textContent = name ? `${name} · ${say("from", sides.in)} · ${say("to", sides.out)}` : hint;
  }

  const say = (side, names) => place.dataset[side].replace("NAMES", [...names].join(", ") || place.dataset.none);
  const over = (event) => event.target.closest?.(".card-of");
  svg.addEventListener("pointerover", (event) => over(event) && light(over(event)));
  svg.addEventListener("pointerout", (event) => over(event) && light(svg.querySelector(".card-of:focus-visible")));
  svg.addEventListener("focusin", (event) => over(event) && light(over(event)));
  svg.addEventListener("focusout", () => light(null));

  // ---------------------------------------------------------------- one stop of the Tab key, arrows from there

  let stop = cards[0];
  for (const card of cards) card.setAttribute("tabindex", card === stop ? "0" : "-1");

  /** Put the keyboard on a box and the box into the middle of the view, or into its corner. */
  function go(card, corner = false) {
    if (!card) return;
    stop.setAttribute("tabindex", "-1");
    stop = card;
    stop.setAttribute("tabindex", "0");
    if (scale < FAR) size(1);
    stop.focus({ preventScroll: true });
    const [at, box] = [view.getBoundingClientRect(), stop.querySelector(".card-box").getBoundingClientRect()];
    view.scrollLeft += box.left - at.left - (corner ? 30 : (view.clientWidth - box.width) / 2);
    view.scrollTop += box.top - at.top - (corner ? 60 : (view.clientHeight - box.height) / 2);
  }

  const moves = {
    ArrowRight: (card) => cards.find((other) => other.dataset.parent === card.dataset.name),
    ArrowLeft: (card) => named.get(card.dataset.parent),
    ArrowDown: (card) => beside(card, 1),
    ArrowUp: (card) => beside(card, -1),
    Home: () => cards[0],
    End: () => cards.at(-1),
  };

  /** The next box above or below in the same column. */
  function beside(card, way) {
    const box = ({ firstElementChild, dataset }) => {
      const drawn = named.get(dataset.name).querySelector(".card-box");
      return { x: Number(drawn.getAttribute("x")), y: way * Number(drawn.getAttribute("y")) };
    };
    const here = box(card);
    const column = cards.filter((other) => box(other).x === here.x && box(other).y > here.y);
    return column.sort((one, other) => box(one).y - box(other).y)[0];
  }

  const sizes = { "+": acts.in, "=": acts.in, "-": acts.out, 0: whole };
  view.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const card = over(event);
    if (sizes[event.key]) sizes[event.key]();
    else if (card && moves[event.key]) go(moves[event.key](card));
    else return;
    event.preventDefault();
  });

  // ---------------------------------------------------------------- go to a screen

  const part = place.querySelector("[data-map-part]");
  part?.addEventListener("change", () => {
    const card = named.get(part.value);
    go(card, true);
    part.focus({ preventScroll: true });
    light(card);
  });
  document.addEventListener("click", (event) => {
    const link = event.target.closest("[data-map-to]");
    if (!link) return;
    event.preventDefault();
    place.scrollIntoView({ block: "start" });
    go(named.get(link.dataset.mapTo));
  });

  const form = document.querySelector("[data-map-find]");
  const answer = document.querySelector("[data-map-found]");
  let last = { wanted: "", at: -1 };
  form?.addEventListener("submit", (event) => {
    const wanted = form.elements.find.value.trim();
    if (!wanted) return;
    event.preventDefault();
    const words = wanted.toLowerCase().split(/\s+/);
    const said = (card) => `${card.dataset.name.replaceAll("_", " ")} ${card.querySelector("title").textContent}`.toLowerCase();
    const exact = named.get(wanted);
    const matches = exact ? [exact] : cards.filter((card) => words.every((word) => said(card).includes(word)));
    for (const card of cards) card.classList.toggle("found", matches.includes(card));
    if (!matches.length) {
      answer.textContent = answer.dataset.none.replace("WANTED", wanted);
      return;
    }
    const at = last.wanted === wanted ? (last.at + 1) % matches.length : 0;
    last = { wanted, at };
    const told = { AT: at + 1, NUMBER: matches.length, NAME: matches[at].dataset.name };
    answer.textContent = place.dataset.foundAt.replace(/AT|NUMBER|NAME/g, (name) => told[name]);
    go(matches[at]);
  });
}

// A link into the folded list opens it.
const list = document.getElementById("outline");
function unfold() {
  const wanted = document.getElementById(location.hash.slice(1));
  if (list && wanted && list.contains(wanted)) {
    list.open = true;
    wanted.scrollIntoView({ block: "start" });
  }
}
window.addEventListener("hashchange", unfold);
unfold();
