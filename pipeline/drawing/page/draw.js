// Draws charts where the page says so. Plotly is there already; nothing is fetched here.
"use strict";

const CONFIG = { responsive: true, displayModeBar: false, doubleClick: "reset" };

function drawChart(place, figure) {
  const layout = Object.assign({ autosize: true }, figure.layout);
  return Plotly.react(place, figure.data, layout, CONFIG);
}
