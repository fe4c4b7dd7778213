// An epoch's picture: what the shared drawing needs to know of it, on one canvas or, in a narrow window, on several.

(() => {
  const LANE = 70;
  const SENSITIVITY = { eeg: 20, eog: 20, emg: 20, ecg: 200 }; // units per 10 pixels, as eegvlm review opens with
  const ORDER = ["eeg", "eog", "emg", "ecg"];
  const WHOLE = 30;

  Night.zoom = { gain: 1, seconds: WHOLE, start: 0, negative_up: true };

  const canvases = (width, zoom) => (zoom.seconds < WHOLE || width >= 900 ? 1 : width >= 520 ? 2 : 3);
  const nameOf = (panel, channel) => (channel ? channel.name : panel.channel || panel.name);

  function traceOf(trace) {
    if (!trace) return null;
    if (trace.points) return { values: trace.points, columns: 1, count: trace.points.length, first_s: 0, step_s: WHOLE / trace.points.length };
    const values = new Float32Array(2 * trace.low.length);
    for (let k = 0; k < trace.low.length; k++) [values[2 * k], values[2 * k + 1]] = [trace.low[k], trace.high[k]];
    return { values, columns: 2, count: trace.low.length, first_s: WHOLE / trace.low.length / 2, step_s: WHOLE / trace.low.length };
  }

  // Rows of an epoch from top to bottom, EEG first, and the events that are boxed in them.
  Night.view = (epoch, { traces, events, notes, weights }) => {
    const places = Night.meta.panels.map((panel, index) => index);
    places.sort((a, b) => ORDER.indexOf(Night.meta.panels[a].modality) - ORDER.indexOf(Night.meta.panels[b].modality) || a - b);
    const rows = places.map((index) => {
      const panel = Night.meta.panels[index], channel = Night.shown(panel, epoch), note = (notes || {})[index] || {};
      return {
        name: nameOf(panel, channel), panel: index, modality: panel.modality, unit: "µV",
        sensitivity: SENSITIVITY[panel.modality] || 20, trace: traceOf(traces[index]), isWarned: Boolean(note.instead),
        note: panel.lead ? "not read by the model" : "", weights: (weights || [])[index] || [],
        missing: panel.kind ? (traces[index] ? "" : note.missing || "no usable signal") : "no channel",
      };
    });
    const rowOf = new Map(rows.map((row) => [row.panel, row.name]));
    return { rows, events: events.map((event) => ({ ...event, row: rowOf.get(event.panel), stop: event.end })) };
  };

  const onPaper = { gain: 1, seconds: WHOLE, start: 0, negative_up: true, scale: 2 };

  // Fills a box with the picture of a whole epoch, for paper, or of the part of it that is looked at.
  Night.picture = (box, view, width, label, zoom = onPaper) => {
    const count = canvases(width, zoom), seconds = zoom.seconds / count, height = heightOf(view.rows.length, LANE, true);
    const rows = view.rows.map((row) => ({ ...row, negative_up: zoom.negative_up }));
    const sheets = Array.from({ length: count }, () => document.createElement("canvas"));
    for (const canvas of sheets) {
      canvas.style.width = "100%";
      canvas.style.height = height + "px";
      canvas.setAttribute("role", "img");
    }
    box.replaceChildren(...sheets);
    sheets.forEach((canvas, k) => {
      const start = zoom.start + k * seconds;
      canvas.setAttribute("aria-label", count > 1 || zoom.seconds < WHOLE ? `${label}, ${start} to ${start + seconds} s` : label);
      drawSignals(canvas, { ...view, rows, start, seconds, gain: zoom.gain, axis: true, left: width >= 700 ? LEFT : 0 }, { width, height, scale: zoom.scale });
    });
  };

  Night.zoomWords = ({ gain, seconds, start }) =>
    `${seconds === WHOLE ? "30 s" : `${start}–${start + seconds} s`}, gain × ${Number((1 / gain).toPrecision(2))}`;
})();
