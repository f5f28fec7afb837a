"use strict";
(() => {
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

  function ranges(figure, view) {
    if (!figure.views) return {};
    return view === "recent"
      ? { "xaxis.range": figure.views.x.slice(), "yaxis.range": figure.views.y.slice() }
      : { "xaxis.autorange": true, "yaxis.autorange": true };
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

  function viewButtons(id, figure) {
    const group = document.querySelector(`.views[data-plot="${id}"]`);
    group.hidden = !(figure && figure.views && figure.views.more);
    const press = (view) => {
      for (const button of group.children) button.setAttribute("aria-pressed", String(button.dataset.view === view));
    };
    press("recent");
    for (const button of group.children) {
      button.onclick = () => {
        Plotly.relayout(byId(id), ranges(figure, button.dataset.view));
        press(button.dataset.view);
      };
    }
  }

  function cells(row, tag, texts) {
    texts.forEach((text, place) => {
      const cell = document.createElement(place === 0 ? "th" : tag);
      if (place === 0 || tag === "th") cell.scope = tag === "th" ? "col" : "row";
      cell.textContent = text;
      row.append(cell);
    });
    return row;
  }

  function fillFigures(series) {
    const table = byId("figures");
    table.tHead.replaceChildren(cells(document.createElement("tr"), "th", series.header));
    table.tBodies[0].replaceChildren(...series.rows.map((row) => cells(document.createElement("tr"), "td", row)));
    byId("figures-note").textContent = series.leftOut
      ? `The first ${series.rows.length} steps; ${series.leftOut} more are in the forecast file.` : "";
  }

  function showSeries(place) {
    const series = payload.series[place];
    for (const name of document.querySelectorAll(".series-name")) name.textContent = series.label;
    draw("forecast", series.forecast);
    viewButtons("forecast", series.forecast);
    byId("forecast-note").textContent = series.historyNote;
    fillFigures(series);
    const moved = byId("moved");
    if (moved) {
      moved.hidden = !series.moved;
      if (series.moved) draw("moved", series.moved);
    }
    const backtest = byId("backtest");
    if (!backtest) return;
    byId("backtest-note").textContent = series.backtestNote;
    backtest.hidden = !series.backtest;
    if (series.backtest) draw("backtest", series.backtest);
    viewButtons("backtest", series.backtest);
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

  if (payload.series.length) {
    const select = byId("series");
    if (select) select.addEventListener("change", () => showSeries(Number(select.value)));
    showSeries(0);
  }
  for (const [id, figure] of Object.entries(payload.figures)) draw(id, figure);
  byId("copy").addEventListener("click", copyCommand);
})();
