// Draws the report's charts, and draws them anew for paper: a sheet is not as wide as a screen.
"use strict";

const figures = JSON.parse(document.querySelector("#figures").textContent);
const charts = [...document.querySelectorAll("[data-figure]")];
const drawn = charts.map((place) => drawChart(place, figures[place.dataset.figure]));

function fit() {
  charts.forEach((place) => Plotly.Plots.resize(place));
}

window.addEventListener("beforeprint", fit);
window.addEventListener("afterprint", fit);
matchMedia("print").addEventListener("change", fit);
Promise.all(drawn).then(() => { document.documentElement.dataset.drawn = String(charts.length); });
