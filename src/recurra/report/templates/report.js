"use strict";
const recurraReport = (() => {
  const payload = JSON.parse(document.getElementById("payload").textContent);
  const touch = window.matchMedia("(pointer: coarse)").matches;
  const config = {
    displaylogo: false,
    responsive: true,
    doubleClick: "reset",
    modeBarButtonsToRemove: ["select2d", "lasso2d", "autoScale2d"],
  };
  const byId = (id) => document.getElementById(id);
  const drawn = new Set();

  // A finger that moves over a plot means to scroll the page. Where the plot is narrow, the legend has two columns:
  // left to itself, Plotly goes round in circles between the legend's height and the width of the axis.
  function fitted(layout, width) {
    const legend = width < 600 ? { ...layout.legend, entrywidth: 0.48, entrywidthmode: "fraction", font: { size: 11.5 } } : layout.legend;
    return { ...layout, legend, ...(touch && { dragmode: false }) };
  }

  function draw(id, figure) {
    const layout = fitted(structuredClone(figure.layout), byId(id).clientWidth);
    if (figure.views) {
      layout.xaxis.range = figure.views.x.slice();
      layout.yaxis.range = figure.views.y.slice();
    }
    drawn.add(id);
    return Plotly.react(byId(id), figure.data, layout, config);
  }

  async function copyCommand() {
    const code = byId("command");
    const done = () => {
      byId("copy").textContent = "Copied";
      window.setTimeout(() => { byId("copy").textContent = "Copy"; }, 1500);
    };
    if (navigator.clipboard && window.isSecureContext) {
      await navigator.clipboard.writeText(code.textContent);
      return done();
    }
    const range = document.createRange();
    range.selectNodeContents(code);
    window.getSelection().removeAllRanges();
    window.getSelection().addRange(range);
    return document.execCommand("copy") && done();
  }

  // Printing does not wait, so the plots get their width at once instead of by Plotly's own, delayed resizing.
  const setWidths = (printing) => drawn.forEach((id) => {
    const element = byId(id);
    Plotly.relayout(element, printing ? { autosize: false, width: element.clientWidth } : { autosize: true, width: null });
  });
  let opened = [];
  window.addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    opened.forEach((element) => { element.open = true; });
    document.documentElement.classList.add("printing");
    setWidths(true);
  });
  window.addEventListener("afterprint", () => {
    opened.forEach((element) => { element.open = false; });
    document.documentElement.classList.remove("printing");
    setWidths(false);
  });

  for (const [id, figure] of Object.entries(payload.figures)) draw(id, figure);
  byId("copy").addEventListener("click", copyCommand);
  return { payload, byId, draw };
})();
