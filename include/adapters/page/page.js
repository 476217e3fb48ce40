// Draws the page's charts in its colours, follows Airflow's theme, and leads out of its frame.
"use strict";

const root = document.documentElement;
const framed = window.parent !== window;

function airflowTheme() {
  // Airflow keeps its theme under this key, and as a class of the document around the frame.
  if (framed) {
    const classes = window.parent.document.documentElement.classList;
    if (classes.contains("dark")) return "dark";
    if (classes.contains("light")) return "light";
  }
  const kept = (localStorage.getItem("theme") || "").replaceAll('"', "");
  return kept === "dark" || kept === "light" ? kept : null;
}

function applyTheme() {
  const theme = airflowTheme();
  if (theme) root.dataset.theme = theme;
  else delete root.dataset.theme;
}

function coloured(value, styles) {
  if (typeof value === "string" && value.startsWith("--")) return styles.getPropertyValue(value).trim();
  if (Array.isArray(value)) return value.map((each) => coloured(each, styles));
  if (value && typeof value === "object") {
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, coloured(each, styles)]));
  }
  return value;
}

function layoutOf(own, styles) {
  const ink = styles.getPropertyValue("--ink").trim();
  const soft = styles.getPropertyValue("--soft").trim();
  const line = styles.getPropertyValue("--line").trim();
  const axis = { gridcolor: line, zerolinecolor: line, linecolor: line, automargin: true, fixedrange: true };
  const title = (each) => ({ text: each?.title?.text || "", standoff: 10, font: { color: soft, size: 12 } });
  return {
    paper_bgcolor: "rgba(0,0,0,0)",
    plot_bgcolor: "rgba(0,0,0,0)",
    font: { family: getComputedStyle(document.body).fontFamily, color: ink, size: 12 },
    margin: { l: 56, r: 12, t: 8, b: 40 },
    legend: { orientation: "h", y: 1.02, yanchor: "bottom", x: 0 },
    hoverlabel: { bgcolor: styles.getPropertyValue("--card").trim(), bordercolor: line, font: { color: ink } },
    ...own,
    xaxis: { ...axis, ...own.xaxis, title: title(own.xaxis) },
    yaxis: { ...axis, ...own.yaxis, title: title(own.yaxis) },
  };
}

function draw() {
  const styles = getComputedStyle(root);
  for (const place of document.querySelectorAll("[data-chart]")) {
    const source = document.getElementById(`figure-${place.dataset.chart}`);
    const figure = coloured(JSON.parse(source.textContent), styles);
    Plotly.react(place, figure.data, layoutOf(figure.layout, styles), { responsive: true, displayModeBar: false });
  }
  root.dataset.drawn = String(Number(root.dataset.drawn || 0) + 1);
}

function follow(event) {
  // The frame may not lead the window around it elsewhere; a link of that window's own may.
  const link = event.target.closest("a[data-airflow]");
  if (!link || !framed || event.ctrlKey || event.metaKey || event.shiftKey) return;
  event.preventDefault();
  const outer = window.parent.document.createElement("a");
  outer.href = link.href;
  outer.click();
}

applyTheme();
document.addEventListener("DOMContentLoaded", () => {
  draw();
  document.addEventListener("click", follow);
  const again = () => { applyTheme(); draw(); };
  window.addEventListener("storage", (event) => { if (event.key === "theme") again(); });
  window.matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  if (framed) {
    const watched = { attributes: true, attributeFilter: ["class"] };
    new MutationObserver(again).observe(window.parent.document.documentElement, watched);
  }
});
