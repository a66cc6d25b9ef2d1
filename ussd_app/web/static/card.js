// A card prints without this too, by the browser's own menu; here is a button for it.

const button = document.querySelector("[data-prints]");
if (button) {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
}
