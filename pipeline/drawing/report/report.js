// Draws the report's charts, and draws them anew for paper: a sheet is not as wide as a screen. An address that ends in
// #paper is laid out for paper from the start.
"use strict";

function onPaper(is) {
  document.documentElement.classList.toggle("paper", is);
  charts.forEach((place) => Plotly.Plots.resize(place));
}

const figures = JSON.parse(document.querySelector("#figures").textContent);
const charts = [...document.querySelectorAll("[data-figure]")];
document.documentElement.classList.toggle("paper", location.hash === "#paper");
const drawn = charts.map((place) => drawChart(place, figures[place.dataset.figure]));

window.addEventListener("beforeprint", () => onPaper(true));
window.addEventListener("afterprint", () => onPaper(location.hash === "#paper"));
matchMedia("print").addEventListener("change", (media) => onPaper(media.matches || location.hash === "#paper"));
Promise.all(drawn).then(() => { document.documentElement.dataset.drawn = String(charts.length); });
