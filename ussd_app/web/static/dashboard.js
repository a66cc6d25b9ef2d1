// A chart is one stop of the keyboard: the arrows move from column to column, and what one says stands below.

for (const chart of document.querySelectorAll("[data-chart]")) {
  const bars = [...chart.querySelectorAll(".chart-bar")];
  const told = chart.querySelector("[data-told]");
  const say = (bar) => {
    told.textContent = bar.getAttribute("aria-label");
  };
  const go = (bar) => {
    for (const each of bars) each.setAttribute("tabindex", each === bar ? "0" : "-1");
    bar.focus();
  };
  bars.forEach((bar, number) => {
    bar.addEventListener("pointerenter", () => say(bar));
    bar.addEventListener("click", () => go(bar));
    bar.addEventListener("focus", () => say(bar));
    bar.addEventListener("keydown", (event) => {
      const steps = { ArrowLeft: number - 1, ArrowRight: number + 1, Home: 0, End: bars.length - 1 };
      const next = bars[steps[event.key]];
      if (!next) return;
      event.preventDefault();
      go(next);
    });
  });
}
