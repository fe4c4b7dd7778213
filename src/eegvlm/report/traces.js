// An epoch's picture: every panel at its fixed scale in microvolt, rows of time that fit the width, events boxed.

(() => {
  const SVG = "http://www.w3.org/2000/svg";
  const HEIGHT = { eeg: 118, eog: 76, emg: 58, ecg: 54 };
  const RIGHT = 64, AXIS = 22, GAP = 6;
  let LEFT = 8; // room for the channels' names, where there is any

  const add = (parent, name, attributes, text) => {
    const node = document.createElementNS(SVG, name);
    for (const key in attributes) node.setAttribute(key, attributes[key]);
    if (text !== undefined) node.textContent = text;
    parent.appendChild(node);
    return node;
  };

  const rowsFor = (width) => (width >= 900 ? 1 : width >= 520 ? 2 : 3);

  // A round number of microvolt, at most `limit`.
  const roundBelow = (limit) => {
    const power = 10 ** Math.floor(Math.log10(limit));
    return [5, 2, 1].map((k) => k * power).find((value) => value <= limit);
  };

  // `traces` and `events` ({panel, start, end, tag, verdict}) of an epoch, what its signal notes say of each panel, and
  // `weights` of equal stretches of it, by panel.
  // Returns an SVG element.
  Night.picture = (epoch, { traces, events, notes, weights }, width, label) => {
    const rows = rowsFor(width), seconds = 30 / rows;
    LEFT = width >= 700 ? 112 : 6;
    const inner = width - LEFT - RIGHT;
    const panels = Night.meta.panels;
    const heightOf = (panel, trace) => (!panel.kind ? 26 : trace || rows === 1 ? HEIGHT[panel.modality] || HEIGHT.eeg : 34);
    const lane = panels.reduce((sum, panel, index) => sum + heightOf(panel, traces[index]) + GAP, 0);
    const height = rows * (lane + AXIS + (rows > 1 ? 6 : 0));
    const svg = document.createElementNS(SVG, "svg");
    const about = { role: "img", "aria-label": label, viewBox: `0 0 ${width} ${height}`, width, height };
    for (const key in about) svg.setAttribute(key, about[key]);
    for (let row = 0; row < rows; row++) {
      const from = row * seconds, x = (time) => LEFT + ((time - from) / seconds) * inner;
      let y = row * (lane + AXIS + 6);
      panels.forEach((panel, index) => {
        const at = { height: heightOf(panel, traces[index]), from, seconds, x, y, inner, row, shown: Night.shown(panel, epoch), note: (notes || {})[index] || {}, weights: (weights || [])[index] || [] };
        y += drawPanel(svg, panel, traces[index], events.filter((event) => event.panel === index), at);
      });
      drawAxis(svg, from, seconds, x, y - GAP);
    }
    return svg;
  };

  function drawPanel(svg, panel, trace, events, at) {
    const { height } = at, uv = panel.range;
    add(svg, "rect", { class: "lane", x: LEFT, y: at.y, width: at.inner, height, rx: 3 });
    if (panel.kind && !trace) add(svg, "rect", { x: LEFT, y: at.y, width: at.inner, height, rx: 3, fill: "url(#hatch)" });
    const inside = add(svg, "svg", { x: LEFT, y: at.y, width: at.inner, height });
    const scale = (panel.up * -height) / (2 * uv), middle = height / 2;
    if (panel.kind) {
      for (let second = Math.ceil(at.from); second <= at.from + at.seconds; second++) {
        const x = at.x(second) - LEFT;
        add(inside, "line", { class: second % 5 ? "second minor" : "second", x1: x, x2: x, y1: 0, y2: height });
      }
      if (trace && panel.modality === "eeg") for (const level of [-37.5, 37.5]) {
        add(inside, "line", { class: "reference", x1: 0, x2: at.inner, y1: middle + level * scale, y2: middle + level * scale });
      }
    }
    drawWeights(inside, at, height);
    for (const event of events) drawBox(inside, event, at, height);
    if (trace && trace.points) add(inside, "path", { class: "trace", d: line(trace.points, at, middle, scale) });
    if (trace && trace.low) add(inside, "path", { class: "trace muscle", d: envelope(trace, at, middle, scale) });
    for (const event of events) drawTag(inside, event, at);
    drawName(svg, panel, at, height);
    if (panel.kind) {
      if (trace) drawScale(svg, panel, at, height, uv);
      else drawMissing(svg, at, middle);
    }
    return height + GAP;
  }

  // Why there is no trace; where that does not fit, the notes below the picture say it.
  function drawMissing(svg, at, middle) {
    const full = at.note.missing || "no usable signal", short = 6.4 * full.length < at.inner ? full : full.split(":")[0];
    const place = LEFT > 50 ? { x: LEFT + at.inner / 2, y: at.y + middle + 4, "text-anchor": "middle" } : { x: LEFT + at.inner - 5, y: at.y + 13, "text-anchor": "end" };
    add(svg, "text", { class: "empty", ...place }, short);
  }

  function line(points, at, middle, scale) {
    const rate = points.length / 30, first = Math.max(0, Math.floor(at.from * rate) - 1);
    const last = Math.min(points.length - 1, Math.ceil((at.from + at.seconds) * rate) + 1);
    const parts = [];
    for (let i = first; i <= last; i++) {
      const x = at.x((i + 0.5) / rate) - LEFT, y = middle + points[i] * scale;
      parts.push((i === first ? "M" : "L") + x.toFixed(1) + " " + Math.max(-2, Math.min(2 * middle + 2, y)).toFixed(1));
    }
    return parts.join("");
  }

  // The band between the lowest and the highest value of every bin.
  function envelope(trace, at, middle, scale) {
    const n = trace.low.length, rate = n / 30;
    const first = Math.floor(at.from * rate), last = Math.min(n, Math.ceil((at.from + at.seconds) * rate));
    const point = (i, value) => (at.x((i + 0.5) / rate) - LEFT).toFixed(1) + " " + Math.max(-2, Math.min(2 * middle + 2, middle + value * scale)).toFixed(1);
    const there = [], back = [];
    for (let i = first; i < last; i++) {
      there.push(point(i, trace.high[i]));
      back.unshift(point(i, trace.low[i]));
    }
    return "M" + there.concat(back).join("L") + "Z";
  }

  const visible = (event, at) => event.end >= at.from && event.start < at.from + at.seconds;
  const span = (event, at) => {
    const start = at.x(Math.max(event.start, at.from)) - LEFT, end = at.x(Math.min(event.end, at.from + at.seconds)) - LEFT;
    return [start, Math.max(3, end - start)];
  };

  function drawName(svg, panel, at, height) {
    const full = at.shown ? at.shown.name : panel.channel || panel.name, most = LEFT > 50 ? 14 : 24;
    const short = (full.length > most ? full.slice(0, most - 1) + "…" : full) + (panel.kind || LEFT > 50 ? "" : ": no channel");
    const place = LEFT > 50 ? { x: LEFT - 8, y: at.y + height / 2 + 4, "text-anchor": "end" } : { x: LEFT + 5, y: at.y + height - 6 };
    const node = add(svg, "text", { class: at.note.instead ? "tag name instead" : "tag name", ...place }, short);
    add(node, "title", {}, full);
    if (!panel.kind) add(svg, "text", { class: "empty", x: LEFT + at.inner / 2, y: at.y + height / 2 + 4, "text-anchor": "middle" }, LEFT > 50 ? "no channel" : "");
  }

  // What the answer hangs on: equal stretches of the epoch, shaded by their weight.
  function drawWeights(inside, at, height) {
    const seconds = 30 / at.weights.length;
    at.weights.forEach((weight, k) => {
      const stretch = { start: k * seconds, end: (k + 1) * seconds };
      if (!weight || stretch.end <= at.from || stretch.start >= at.from + at.seconds) return;
      const x = at.x(stretch.start) - LEFT, width = at.x(stretch.end) - LEFT - x;
      add(inside, "rect", { class: weight > 0 ? "weight for" : "weight against", x, y: 0, width, height, "fill-opacity": (0.65 * Math.abs(weight)) / 100 });
    });
  }

  function drawBox(inside, event, at, height) {
    if (!visible(event, at)) return;
    const [x, width] = span(event, at);
    add(inside, "rect", { class: `box ${event.verdict || ""} ${event.elsewhere ? "elsewhere" : ""}`, x: x + 0.5, y: 1.5, width: Math.max(2, width - 1), height: height - 3, rx: 3 });
  }

  // A tag that would cover another one is left out; a numbered one moves below it.
  function drawTag(inside, event, at) {
    if (!visible(event, at)) return;
    const width = 7.2 * event.tag.length + 4, x = Math.max(2, Math.min(span(event, at)[0] + 4, at.inner - width));
    const taken = at.taken || (at.taken = []);
    const covers = (line) => taken.some(([a, b, row]) => row === line && x < b && x + width > a);
    let line = 0;
    while (line < 3 && covers(line)) line++;
    if (line && (!event.number || line === 3)) return;
    taken.push([x, x + width, line]);
    add(inside, "text", { class: "tag", x, y: 13 + 13 * line }, event.tag);
  }

  function drawScale(svg, panel, at, height, uv) {
    const size = panel.modality === "eeg" && uv >= 37.5 ? 75 : roundBelow(1.2 * uv), length = (size / uv) * (height / 2);
    const x = LEFT + at.inner + 8, y = at.y + height / 2;
    add(svg, "line", { class: "scale-bar", x1: x, x2: x, y1: y - length / 2, y2: y + length / 2 });
    add(svg, "text", { x: x + 6, y: y + 4 }, size + " µV");
  }

  function drawAxis(svg, from, seconds, x, y) {
    for (let second = Math.ceil(from); second <= from + seconds; second++) {
      if (second % (seconds > 10.5 ? 5 : 2)) continue;
      const anchor = second === from ? "start" : second === from + seconds ? "end" : "middle";
      add(svg, "text", { x: x(second), y: y + 15, "text-anchor": anchor }, second + " s");
    }
  }
})();
