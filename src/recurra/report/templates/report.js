"use strict";
(() => {
  const payload = JSON.parse(document.getElementById("payload").textContent);
  const touch = window.matchMedia("(pointer: coarse)").matches;
  const narrow = window.matchMedia("(max-width: 760px)").matches;
  // What the page shows is the reader's own. Its content policy cannot forbid to open a window, so nobody can.
  Object.defineProperty(window, "open", { value: () => null, writable: false, configurable: false });
  const config = { ...payload.config, displayModeBar: touch || narrow ? false : "hover" };
  if (payload.locale) {
    Plotly.register(payload.locale);
    config.locale = payload.locale.name;
  }
  const byId = (id) => document.getElementById(id);
  const drawn = new Set();

  // A finger that moves over a plot means to scroll the page. Where the plot is narrow, the legend has one column or
  // two, as its names are long: left to itself, Plotly goes round in circles between the legend's height and the width
  // of the axis. A long title of an axis is set smaller.
  function fitted({ data, layout }, width) {
    const names = data.filter((trace) => trace.showlegend !== false && trace.name).map((trace) => trace.name.length);
    const room = data.some((trace) => trace.type === "heatmap") ? 0.6 * width : width - 50;
    const wide = Math.max(0, ...names) * 6.2 + 44 > room / 2;
    const columns = { entrywidth: wide ? 0.98 : 0.48, entrywidthmode: "fraction", font: { size: 11.5 } };
    const legend = width < 600 ? { ...layout.legend, ...columns } : layout.legend;
    return { ...layout, legend, ...(touch && { dragmode: false }) };
  }

  // The buttons of a plot are one stop of the keyboard, as a toolbar is: the arrows go from one to the next.
  function asToolbar(element) {
    const bar = element.querySelector(".modebar");
    if (!bar || bar.dataset.keys) return;
    bar.dataset.keys = "arrows";
    bar.setAttribute("role", "toolbar");
    bar.setAttribute("aria-label", `${payload.words.tools}: ${element.getAttribute("aria-label")}`);
    const buttons = [...bar.querySelectorAll(".modebar-btn")];
    const stop = (place) => buttons.forEach((button, k) => button.setAttribute("tabindex", k === place ? "0" : "-1"));
    stop(0);
    bar.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1, ArrowDown: 1, ArrowUp: -1 }[event.key];
      const place = buttons.indexOf(document.activeElement);
      if (!step || place < 0) return;
      event.preventDefault();
      const next = (place + step + buttons.length) % buttons.length;
      stop(next);
      buttons[next].focus();
    });
  }

  // The drawing itself says nothing to who listens: the name of the plot and the text below it do.
  function afterDrawing(element) {
    asToolbar(element);
    for (const drawing of element.querySelectorAll(".main-svg")) drawing.setAttribute("aria-hidden", "true");
  }

  // A box that is wider than the page scrolls sideways: its edge fades and a line says so.
  function markOverflow() {
    for (const box of document.querySelectorAll(".scroll")) {
      const beyond = box.scrollWidth - box.clientWidth;
      box.classList.toggle("wider", beyond > 1);
      box.classList.toggle("more", beyond - box.scrollLeft > 1);
      if (beyond > 1) box.setAttribute("tabindex", "0");
      else box.removeAttribute("tabindex");
    }
  }

  function draw(id, figure) {
    const layout = fitted(structuredClone(figure), byId(id).clientWidth);
    if (figure.views) {
      layout.xaxis.range = figure.views.x.slice();
      layout.yaxis.range = figure.views.y.slice();
    }
    const element = byId(id);
    const first = !drawn.has(id);
    drawn.add(id);
    const done = Plotly.react(element, figure.data, layout, config);
    if (first) element.on("plotly_afterplot", () => afterDrawing(element));
    return done.then(() => afterDrawing(element));
  }

  async function copyCommand() {
    const code = byId("command");
    const done = () => {
      byId("copy").textContent = payload.words.copied;
      window.setTimeout(() => { byId("copy").textContent = payload.words.copy; }, 1500);
    };
    try {
      await navigator.clipboard.writeText(code.textContent);
      return done();
    } catch { /* no clipboard, or not allowed: select the text, so that it can be copied by hand */ }
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

  function ranges(figure, view) {
    return view === "recent"
      ? { "xaxis.range": figure.views.x.slice(), "yaxis.range": figure.views.y.slice() }
      : { "xaxis.autorange": true, "yaxis.autorange": true };
  }

  function rangeButtons(id, figure) {
    const group = document.querySelector(`.views[data-plot="${id}"]`);
    if (!group) return;
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

  function fill(table, { header, rows }) {
    table.tHead.replaceChildren(cells(document.createElement("tr"), "th", header));
    table.tBodies[0].replaceChildren(...rows.map((row) => cells(document.createElement("tr"), "td", row)));
  }

  // What changes with the selector: plots, texts and tables have one for each of its choices.
  function choose(place) {
    const { names, plots, texts, tables } = payload.choices;
    for (const name of document.querySelectorAll(".series-name")) name.textContent = names[place];
    for (const [id, figures] of Object.entries(plots)) {
      const figure = figures[place];
      byId(id).hidden = !figure;
      if (figure) draw(id, figure);
      rangeButtons(id, figure);
    }
    for (const [id, all] of Object.entries(texts)) byId(id).textContent = all[place];
    for (const [id, all] of Object.entries(tables)) fill(byId(id), all[place]);
    markOverflow();
  }

  for (const [id, figure] of Object.entries(payload.figures)) draw(id, figure);
  if (payload.choices.names.length) {
    const select = byId("series");
    if (select) select.addEventListener("change", () => choose(Number(select.value)));
    choose(0);
  }
  if (byId("copy")) byId("copy").addEventListener("click", copyCommand);
  for (const box of document.querySelectorAll(".scroll")) {
    const hint = document.createElement("p");
    hint.className = "hint";
    hint.textContent = `\u2194 ${payload.words.scroll}`;
    box.after(hint);
    box.addEventListener("scroll", markOverflow, { passive: true });
  }
  for (const part of document.querySelectorAll("details")) part.addEventListener("toggle", markOverflow);
  window.addEventListener("resize", markOverflow);
  markOverflow();
})();
