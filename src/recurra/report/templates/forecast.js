"use strict";
(() => {
  const { payload, byId, draw, markOverflow } = recurraReport;

  function ranges(figure, view) {
    if (!figure.views) return {};
    return view === "recent"
      ? { "xaxis.range": figure.views.x.slice(), "yaxis.range": figure.views.y.slice() }
      : { "xaxis.autorange": true, "yaxis.autorange": true };
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
    markOverflow();
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

  if (payload.series.length) {
    const select = byId("series");
    if (select) select.addEventListener("change", () => showSeries(Number(select.value)));
    showSeries(0);
  }
})();
